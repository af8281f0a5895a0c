// What the groups, the channels and the reasons are called in Russian. The KPIs' words are in board_words/kpis_ru.json.
export const GROUPS = {
  "Sales revenue": "Выручка", Customers: "Клиенты", "Lifetime value": "Ценность клиента", "Acquisition cost": "Стоимость привлечения", Churn: "Отток",
  Satisfaction: "Удовлетворённость", Reach: "Охват", Engagement: "Вовлечённость", Conversion: "Конверсия", "Return on investment": "Окупаемость",
};

export const CHANNELS = {
  direct: "Прямые", email: "Почта", sms: "SMS", push: "Пуши", organic_search: "Поиск", paid_search: "Реклама в поиске", organic_social: "Соцсети",
  paid_social: "Реклама в соцсетях", organic_video: "Видео", paid_video: "Реклама в видео", display: "Медийная реклама", audio: "Аудио", affiliate: "Партнёры",
  referral: "Переходы с сайтов", organic_shopping: "Товарные площадки", paid_shopping: "Реклама товаров", paid_other: "Прочая реклама", offline: "Офлайн", other: "Прочее", all: "Все каналы",
};

export const WHYS = [
  [/^nothing of it was counted/, "за период ничего не посчитано"],
  [/^nothing was counted there yet/, "там пока ничего не посчитано"],
  [/is not above 0 in this window/, "делить не на что: в знаменателе 0"],
  [/^([\d,]+) cases are too few, it takes ([\d,]+)/, "слишком мало случаев: $1, нужно $2"],
  [/^no spend was stated for the days/, "расходы за дни периода не сообщались"],
  [/^no spend was stated yet/, "о расходах ещё не сообщали"],
  [/^churn is 0 in this window/, "отток за период равен 0: никто не ушёл, поэтому срок жизни клиента не посчитать"],
  [/^all channels together have no revenue/, "у всех каналов вместе нет выручки, поэтому доли канала в ней нет"],
  [/^the catalogue does not say the campaign's (\w+)/, "в каталоге не указано: $1"],
  [/^the catalogue gives no starts_at/, "в каталоге нет starts_at, или кампания идёт меньше дня"],
  [/^the catalogue's fx has no rate for ([A-Z, ]+) on/, "в каталоге на какой-то день периода нет курса: $1"],
  [/^there are several currencies/, "валют несколько, а каталог не называет общую"],
  [/^there is no one currency/, "нет единой валюты, и каталог её не называет"],
  [/^it has a value for all channels/, "считается только для всех каналов вместе"],
  [/^(\S+) is not read to its end/, "$1 ещё не дочитан до конца"],
  [/^(\S+) is not merged to its end/, "$1 ещё не сведён до конца"],
  [/^no worker has told its progress yet/, "воркеры ещё не сообщили, докуда прочитано"],
];
