// What the KPIs, their groups, the channels and the reasons are called in Russian.
export const GROUPS = {
  "Sales revenue": "Выручка", Customers: "Клиенты", "Lifetime value": "Ценность клиента", "Acquisition cost": "Стоимость привлечения", Churn: "Отток",
  Satisfaction: "Удовлетворённость", Reach: "Охват", Engagement: "Вовлечённость", Conversion: "Конверсия", "Return on investment": "Окупаемость",
};

export const CHANNELS = {
  direct: "Прямые", email: "Почта", sms: "SMS", push: "Пуши", organic_search: "Поиск", paid_search: "Реклама в поиске", organic_social: "Соцсети",
  paid_social: "Реклама в соцсетях", organic_video: "Видео", paid_video: "Реклама в видео", display: "Медийная реклама", audio: "Аудио", affiliate: "Партнёры",
  referral: "Переходы с сайтов", organic_shopping: "Товарные площадки", paid_shopping: "Реклама товаров", paid_other: "Прочая реклама", offline: "Офлайн", other: "Прочее", all: "Все каналы",
};

export const TITLES = {
  gross_revenue: "Валовая выручка", refunds: "Возвраты", net_revenue: "Выручка", orders: "Заказы", refunded_orders: "Оформлено возвратов", units: "Продано штук",
  average_order_value: "Средний чек", stated_margin: "Маржа продаж с известной себестоимостью",
  buyers: "Покупатели", new_customers: "Новые клиенты", returning_customers: "Продажи повторным клиентам", active_customers: "Активные клиенты", activations: "Активации", revenue_per_customer: "Выручка на клиента",
  lifetime_value: "Пожизненная ценность",
  spend: "Расходы", media_spend: "Расходы на размещение", fee_spend: "Расходы на комиссии", production_spend: "Расходы на производство", customer_acquisition_cost: "Стоимость нового клиента",
  cost_per_customer: "Стоимость покупателя", cost_per_lead: "Стоимость лида", cost_per_qualified_lead: "Стоимость квалифицированного лида", cost_per_opportunity: "Стоимость возможности",
  cost_per_click: "Стоимость клика", cost_per_mille: "Стоимость тысячи показов", ltv_to_cac: "LTV : CAC", payback: "Срок окупаемости", monthly_margin_per_customer: "Маржа на клиента в месяц",
  churn_rate: "Отток", churn_price_rate: "Отток: цена", churn_service_rate: "Отток: сервис", churn_technical_rate: "Отток: техника", churn_product_rate: "Отток: продукт", churn_other_rate: "Отток: прочее",
  customers_before: "Клиентов в начале периода", cancellations: "Отказы",
  nps: "Индекс NPS", nps_low: "NPS, нижняя граница", nps_high: "NPS, верхняя граница", nps_answers: "Ответов о рекомендации", csat: "Довольные клиенты", csat_low: "Довольные, нижняя граница", csat_high: "Довольные, верхняя граница", csat_answers: "Ответов об удовлетворённости",
  reach: "Охват", impressions: "Показы", frequency: "Частота",
  engagements: "Вовлечения", engagement_rate: "Вовлечённость", exposures: "Контакты", engaged_people: "Вовлечённые люди", engagement_by_reach_rate: "Вовлечённость охвата", visits: "Визиты", engaged_visits: "Вовлечённые визиты", clicks: "Клики",
  open_rate: "Открываемость", raw_open_rate: "Открываемость без очистки", click_rate: "Кликабельность", raw_click_rate: "Кликабельность без очистки", click_to_open_rate: "Клики к открытиям", raw_click_to_open_rate: "Клики к открытиям без очистки",
  bounce_rate: "Недоставка", complaint_rate: "Жалобы, доля", unsubscribe_rate: "Отписки, доля", sent: "Отправлено", delivered: "Доставлено", bounced: "Не доставлено", complained: "Жалобы", unsubscribed: "Отписки через провайдера", unsubscribes: "Отписки по клику",
  opens: "Открытия", machine_opens: "Открытия роботами", raw_opens: "Все открытия", machine_clicks: "Клики роботов", openers: "Открывшие люди", clickers: "Кликнувшие люди",
  mentions: "Упоминания", mentions_per_minute: "Упоминаний в минуту", scored_mentions: "Упоминания с тональностью", net_sentiment: "Тональность", positive_share: "Доля позитива",
  leads: "Лиды", qualified_leads: "Квалиф. лиды", opportunities: "Возможности", reach_to_click_rate: "Охват → клик", click_to_visit_rate: "Клик → визит", visit_to_lead_rate: "Визит → лид",
  lead_to_qualified_rate: "Лид → квалифицированный", qualified_to_opportunity_rate: "Квалифицированный → возможность", opportunity_to_sale_rate: "Возможность → продажа", lead_to_sale_rate: "Лид → продажа",
  visit_to_sale_rate: "Визит → продажа", click_to_sale_rate: "Клик → продажа", reach_to_sale_rate: "Охват → продажа",
  mroi: "Окупаемость маркетинга (MROI)", incremental_revenue: "Выручка сверх базовой", roas: "Окупаемость рекламы (ROAS)", budget: "Бюджет", budget_used: "Израсходовано бюджета", budget_due: "Бюджет на сегодня", pace: "Темп расходов", spend_age: "Возраст данных о расходах",
};

export const WHYS = [
  [/^nothing of it was counted/, "за период ничего не посчитано"],
  [/^nothing was counted there yet/, "там пока ничего не посчитано"],
  [/is not above 0 in this window/, "делить не на что: в знаменателе 0"],
  [/^([\d,]+) cases are too few, it takes ([\d,]+)/, "слишком мало случаев: $1"],
  [/^no spend was stated/, "расходы за дни периода не сообщались"],
  [/^the catalogue does not say the campaign's (\w+)/, "в каталоге не указано: $1"],
  [/^the catalogue gives no starts_at/, "в каталоге нет starts_at, или кампания идёт меньше дня"],
  [/^the catalogue's fx has no rate for ([A-Z, ]+)/, "в каталоге нет курса: $1"],
  [/^there are several currencies/, "валют несколько, а каталог не называет общую"],
  [/^there is no one currency/, "нет единой валюты"],
  [/^it has a value for all channels/, "считается только для всех каналов вместе"],
  [/^(\S+) is not read to its end/, "$1 ещё не дочитан до конца"],
  [/^(\S+) is not merged to its end/, "$1 ещё не сведён до конца"],
  [/^no worker has told its progress yet/, "воркеры ещё не сообщили, докуда прочитано"],
];
