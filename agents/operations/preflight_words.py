"""What a preflight says, in English and in Russian. `{…}` are filled in, see `agents.operations.preflight_said`."""

from typing import Final

VERDICTS: Final[dict[str, tuple[str, str]]] = {
    "ok": ("ok", "готово"),
    "mend": ("to mend", "исправить"),
    "unknown": ("unknown", "неизвестно"),
}
"""Verdict -> how a command says it."""

TITLES: Final[dict[str, tuple[str, str]]] = {
    "entry": ("Catalogue entry", "Запись в каталоге"),
    "dates": ("Start and end", "Начало и конец"),
    "owners": ("Owners", "Ответственные"),
    "targets": ("Targets", "Цели"),
    "budget": ("Budget", "Бюджет"),
    "facts": ("Facts for KPIs", "Данные для показателей"),
    "rates": ("Exchange rates", "Курсы валют"),
    "expects": ("Expected topics", "Ожидаемые источники"),
    "tests": ("Test events: {called}, {topic}", "Тестовые события: {called}, {topic}"),
    "alertmanager": ("Alertmanager", "Alertmanager"),
    "receiver": ("Receiver of alerts", "Получатель оповещений"),
    "delivery": ("Delivery of alerts", "Доставка оповещений"),
    "worker": ("This worker", "Этот воркер"),
    "rate": ("Expected rate", "Ожидаемый поток"),
    "workers": ("Workers", "Воркеры"),
    "partitions": ("Partitions", "Разделы Kafka"),
}
"""Check -> what was looked at."""

WORDS: Final[dict[str, tuple[str, str]]] = {
    "entry_ok": ("the catalogue has {campaign}", "в каталоге есть {campaign}"),
    "entry_none": ("the catalogue has no {campaign}", "в каталоге нет {campaign}"),
    "entry_mend": (
        "describe it in a YAML file and apply that: launchpulse campaigns apply FILE.yaml",
        "опишите её в файле YAML и примените: launchpulse campaigns apply FILE.yaml",
    ),
    "dates_ok": ("{start} to {end}", "с {start} по {end}"),
    "dates_none": ("{fields} not set", "не указано: {fields}"),
    "dates_mend": (
        "set starts_at and ends_at: without a start nothing is live and silence is not noticed, without an end "
        "there is no pace of spending",
        "укажите starts_at и ends_at: без начала запуск не считается идущим и тишину никто не заметит, без конца нет "
        "темпа расхода",
    ),
    "dates_over": ("it ended at {end}", "уже закончилась {end}"),
    "dates_over_mend": ("set ends_at to when this launch ends", "укажите в ends_at конец этого запуска"),
    "owners_ok": ("everybody can be reached: {names}", "со всеми можно связаться: {names}"),
    "owners_none": ("nobody answers for the campaign", "за кампанию никто не отвечает"),
    "owners_mute": ("no contact: {names}", "нет контакта: {names}"),
    "owners_mend": (
        "set owner with name and contact (an address, or a chat's channel), and the same in channel_owners and owners: "
        "alerts go there",
        "укажите owner с name и contact (почта или канал чата), так же в channel_owners и owners: туда идут оповещения",
    ),
    "targets_ok": ("{n:target|targets}", "{n:цель|цели|целей}"),
    "targets_none": ("no target is set", "ни одной цели нет"),
    "targets_blind": (
        "of {n:target|targets} {blind:,} cannot be judged for want of facts in the catalogue: {kpis}",
        "из {n:цели|целей|целей} нельзя оценить {blind:,}, в каталоге не хватает данных: {kpis}",
    ),
    "targets_blind_mend": (
        "set {fields} in the catalogue, or take these targets out of it",
        "укажите в каталоге {fields} или уберите эти цели",
    ),
    "targets_mend": (
        "set targets: without them nothing on the boards is red, and no missed target is told",
        "задайте targets: без них на табло ничего не станет красным, и о невыполненной цели никто не узнает",
    ),
    "facts_ok": ("{fields} are set", "указано: {fields}"),
    "facts_missing": (
        "not set, and these KPIs have no value without it: {kpis}",
        "не указано, и без этого нет значений показателей: {kpis}",
    ),
    "facts_mend": (
        "set in the catalogue: {fields} (0 where there was nothing before); until then the boards show a dash",
        "укажите в каталоге: {fields} (0, если раньше ничего не было); до тех пор на табло прочерк",
    ),
    "budget_ok": ("{money}", "{money}"),
    "budget_none": ("no budget is set", "бюджет не указан"),
    "budget_mend": (
        "set budget and currency: without them there is no share of the budget, no pace and no alert on spending",
        "укажите budget и currency: без них нет доли бюджета, темпа и оповещения о перерасходе",
    ),
    "rates_ok": (
        "money is shown in {currency}; rates for the launch's start: {known}",
        "деньги показываются в {currency}; курсы на начало запуска: {known}",
    ),
    "rates_only": (
        "money is shown in {currency}; another currency has no rate, and none has come yet",
        "деньги показываются в {currency}; для других валют курса нет, и они пока не встречались",
    ),
    "rates_none": ("no currency is set", "валюта не указана"),
    "rates_missing": ("no rate for {missing} on {day}", "нет курса для {missing} на {day}"),
    "rates_mend": (
        "set currency, and in fx a rate of every other one that sales or costs come in, from a day before the start on",
        "укажите currency, а в fx — курс каждой другой валюты продаж и расходов со дня не позже начала",
    ),
    "expects_ok": (
        "{n:topic|topics} in {channels:channel|channels}",
        "{n:источник|источника|источников} в {channels:канале|каналах|каналах}",
    ),
    "expects_none": ("the catalogue does not say what must arrive", "в каталоге не указано, что должно приходить"),
    "expects_unread": ("no worker reads {topics}", "воркеры не читают {topics}"),
    "expects_mend": (
        "set expects: for each channel the topics that must arrive; then they are checked here, and you are told when "
        "they fall silent",
        "задайте expects: для каждого канала источники, из которых должны идти события; тогда они проверяются здесь, и "
        "об их молчании приходит оповещение",
    ),
    "expects_unread_mend": ("add them to LAUNCHPULSE_TOPICS", "добавьте их в LAUNCHPULSE_TOPICS"),
    "tests_ok": (
        "{n:,} in the last 24 hours, in no KPI",
        "за последние 24 часа: {n:,}, в показатели они не входят",
    ),
    "tests_old": ("{n:,} in all, none in the last 24 hours", "всего: {n:,}, за последние 24 часа ни одного"),
    "tests_none": ("nothing has arrived", "ничего не пришло"),
    "tests_after": (
        "{n:,} in the last 24 hours, in no KPI; earlier events that were not marked stay counted: {others:,}",
        "за последние 24 часа: {n:,}, в показатели они не входят; прежние события без пометки остаются в "
        "показателях: {others:,}",
    ),
    "tests_before": (
        "none in the last 24 hours; earlier events that were not marked stay counted: {others:,}",
        "за последние 24 часа ни одного; прежние события без пометки остаются в показателях: {others:,}",
    ),
    "tests_real": (
        "this source still sends unmarked events: {others:,} in the last 24 hours, which are counted in the KPIs; "
        "tests: {n:,}",
        "источник всё ещё шлёт события без пометки: за последние 24 часа {others:,}, и они вошли в показатели; "
        "тестов: {n:,}",
    ),
    "tests_stated": (
        "statements arrive: {others:,}; what is true before the launch counts too",
        "сообщения приходят: {others:,}; то, что верно до запуска, тоже учитывается",
    ),
    "tests_live": (
        "the launch has begun, and its events arrive",
        "запуск идёт, события приходят",
    ),
    "tests_away": (
        "the worker that owns the campaign does not answer",
        "воркер этой кампании не отвечает",
    ),
    "tests_mend": (
        "let its source send an event with campaign {campaign}, channel {channel} and test: true to the topic {place}; "
        "if it was sent: launchpulse dead-letters list",
        "пусть источник отправит событие с campaign {campaign}, channel {channel} и test: true в топик {place}; если "
        "оно было отправлено: launchpulse dead-letters list",
    ),
    "tests_real_mend": (
        "let the source set test: true until the launch begins; what has come unmarked stays counted",
        "пусть источник до начала запуска ставит test: true; то, что пришло без пометки, остаётся в показателях",
    ),
    "tests_away_mend": ("see /readyz of the workers: launchpulse status", "смотрите /readyz: launchpulse status"),
    "alertmanager_ok": (
        "{url} answers, version {version}; whether Prometheus sends to it is not looked at here",
        "{url} отвечает, версия {version}; шлёт ли ему Prometheus, здесь не проверяется",
    ),
    "alertmanager_unset": ("no Alertmanager is set", "Alertmanager не указан"),
    "alertmanager_away": ("{url} does not answer: {why}", "{url} не отвечает: {why}"),
    "alertmanager_unset_mend": (
        "set LAUNCHPULSE_ALERTMANAGER_URL of the workers",
        "укажите воркерам LAUNCHPULSE_ALERTMANAGER_URL",
    ),
    "alertmanager_away_mend": (
        "start it, or correct LAUNCHPULSE_ALERTMANAGER_URL: nobody is told of anything until then",
        "запустите его или исправьте LAUNCHPULSE_ALERTMANAGER_URL: до тех пор никого не оповестят",
    ),
    "receiver_ok": (
        "by default {name}, by {how}; {n:receiver|receivers} in all",
        "по умолчанию {name}, через {how}; всего получателей: {n}",
    ),
    "receiver_mute": ("{name}, the default, sends nothing to anybody", "{name}, по умолчанию, никому ничего не шлёт"),
    "receiver_unread": ("its configuration cannot be read", "его конфигурация не читается"),
    "receiver_mend": (
        "give the default route in alertmanager.yml a receiver with an address",
        "задайте в alertmanager.yml маршруту по умолчанию получателя с адресом",
    ),
    "delivery_ok": (
        "{n:notification|notifications} sent since it began, by {how}; none has failed",
        "с его запуска отправлено уведомлений: {n:,}, через {how}; сбоев нет",
    ),
    "delivery_failed": (
        "of {n:notification|notifications} since it began {failed:has|have} failed: {how}",
        "с его запуска из {n:уведомления|уведомлений|уведомлений} не дошло {failed:,}: {how}",
    ),
    "delivery_none": (
        "it has sent nothing since it began: whether the receivers answer is not known",
        "с его запуска ничего не отправлено: отвечают ли получатели, неизвестно",
    ),
    "delivery_unread": ("its metrics cannot be read: {why}", "его метрики не читаются: {why}"),
    "delivery_failed_mend": (
        "see Alertmanager's log for the receiver that does not answer, mend it, restart Alertmanager and look again",
        "найдите в журнале Alertmanager получателя, который не отвечает, исправьте, перезапустите его и "
        "проверьте снова",
    ),
    "delivery_none_mend": (
        "send a test, and look again in a minute: launchpulse preflight {campaign} --notify",
        "отправьте проверку и посмотрите снова через минуту: launchpulse preflight {campaign} --notify",
    ),
    "worker_ok": ("it is ready, {busy} % busy", "готов, занят на {busy} %"),
    "worker_busy": ("it is {busy} % busy already", "занят уже на {busy} %"),
    "worker_unready": ("it is not ready: {why}", "не готов: {why}"),
    "worker_busy_mend": ("start another worker before the launch", "запустите до начала ещё один воркер"),
    "worker_unready_mend": (
        "look again in a minute; if it stays: launchpulse doctor",
        "проверьте через минуту; если не проходит: launchpulse doctor",
    ),
    "rate_ok": ("{rate:event|events} a second at the peak", "на пике {rate:событие|события|событий} в секунду"),
    "rate_none": (
        "nobody has said how many events a second to expect, so workers and partitions cannot be judged",
        "не сказано, сколько событий в секунду ожидать, поэтому воркеры и разделы не оценить",
    ),
    "rate_mend": (
        "ask again with the peak: launchpulse preflight {campaign} --rate EVENTS_PER_SECOND",
        "спросите ещё раз, указав пик: launchpulse preflight {campaign} --rate СОБЫТИЙ_В_СЕКУНДУ",
    ),
    "workers_ok": (
        "{n:,} in the group; needed for {rate:event|events} a second: {needed:,}, at {each:,} for one",
        "в группе: {n:,}; для {rate:события|событий|событий} в секунду нужно {needed:,}, по {each:,} на каждый",
    ),
    "workers_few": (
        "{n:,} in the group; needed for {rate:event|events} a second: {needed:,}, at {each:,} for one",
        "в группе: {n:,}; для {rate:события|событий|событий} в секунду нужно {needed:,}, по {each:,} на каждый",
    ),
    "workers_mend": ("start {more:,} more, each on a core of its own", "запустите ещё {more:,}, каждый на своём ядре"),
    "kafka_away": ("Kafka does not say: {why}", "Kafka не отвечает: {why}"),
    "kafka_mend": ("launchpulse doctor says what is wrong", "что не так, скажет launchpulse doctor"),
    "partitions_ok": (
        "at least {least:,} in every topic, enough for {needed:worker|workers}",
        "в каждом топике не меньше {least:,}, хватит на {needed:воркер|воркера|воркеров}",
    ),
    "partitions_few": (
        "too few for {needed:worker|workers}: {topics}",
        "на {needed:воркер|воркера|воркеров} мало: {topics}",
    ),
    "partitions_mend": (
        "launchpulse topics grow {topic} {needed}",
        "launchpulse topics grow {topic} {needed}",
    ),
}
"""What was found, and, in those that end with `_mend`, what to do."""
