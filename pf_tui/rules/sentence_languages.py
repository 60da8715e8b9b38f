"""Sentences that are not English, as the English words that tell what they speak of. Pure.

Gateways and smaller vendors answer in their country's language: "Le quota de ce jeton est épuisé",
"余额不足", "APIキーが無効です". What is read of them are stems: a thing, and what is wrong with it.
Source: the language files of one-api and new-api, and error texts in public repositories, read on 2026-11-30.
"""

from __future__ import annotations

from functools import lru_cache

from pf_tui.rules.reset_forms import table_rows

START = 4
"""Letters by which a stem is looked up; a shorter word must be the whole word."""

# English word: beginnings of words (with "." the whole word) in German, French, Spanish, Portuguese,
# Italian, Dutch, Polish, Turkish and Russian.
_STEMS = """
quota: kontingent cuota cota. квот limiet. kota. kotası przydział
limit: limite. límite grenze höchstgrenze limit. лимит limiti tageslimit anfragelimit monatslimit
limit: wochenlimit
usage: nutzung verbrauch utilisation utilización uso. utilizzo использован kullanım gebruikslimiet
usage: nutzungslimit
limit: nutzungslimit gebruikslimiet
exceeded: überschritten dépass superad excedid excedeu ultrapass superat превышен overschreden
exceeded: przekroczon aşıld aştı
reached: erreicht atteint alcanzad alcanzó atingid atingiu raggiunt достигнут bereikt osiągnięt ulaşt
exhausted: aufgebraucht erschöpft verbraucht épuisé épuisée agotad agotó esgotad esgotou esaurit
exhausted: исчерпан opgebruikt wyczerpan tükendi
insufficient: unzureichend ungenügend insuffisant insuficiente insufficiente недостаточно onvoldoende
insufficient: niewystarczając yetersiz
balance: guthaben solde. saldo kontostand баланс средств bakiye środk
credits: crédit crédito kredit credito. crediti кредит
payment: zahlung bezahl paiement pago. pagos pagamento оплат betaling płatno ödeme
billing: abrechnung rechnung facturation facturación faturamento fatturazione
subscription: abonnement abo. suscripción assinatura abbonamento подписк subskrypcj abonelik
today: heute heutig aujourd hoy. hoje. oggi. сегодня vandaag dzisiaj bugün
day: tag. täglich jour. quotidien journali día. diario diaria diário dia. giorno. giornalier дневн день.
day: dagelijk dzienn günlük tageslimit
week: woche wöchentlich semaine hebdomadaire semana settiman недел wekelijk tygodn haftalık wochenlimit
month: monat mois. mensuel mes. mensual mês. mensal mese. mensile месяц maandelijk miesi aylık
month: monatslimit
minute: minut минут dakika
second: sekund segundo secondi secondes секунд saniye
wait: warte patiente espera. espere attendre attendi подожд wacht
moment: momento. momentos instants. augenblick
requests: anfrage requête solicitud peticion requisiç solicitaç richiest запрос verzoek żądań istek
rate: ratenlimit débit. tasa. frecuencia taxa. частот
model: modell modèle modelo. modelos modello модел modelu model.
not: nicht pas. não. non. не. нет. niet nie. değil
no: kein aucun ningun ningún nessun нет. geen brak. yok.
unknown: unbekannt inconnu desconocid desconhecid sconosciut неизвестн onbekend nieznan bilinmeyen
missing: fehlt fehlend manquant falta faltan ausente mancante отсутству ontbreek brakuj eksik
unavailable: unverfügbar indisponible indisponível недоступ niedostępn
find: gefunden introuvable trouvé encontrad trovat найден gevonden znaleziono bulunamad
exist: existiert existe. esiste существу bestaat istnieje
access: zugriff zugang accès acceso. acesso. accesso. доступ toegang dostęp erişim
denied: verweigert refusé denegad negado negato запрещ geweigerd odmow reddedildi interdit
key: schlüssel clé. clave. chave. chiave. ключ sleutel klucz anahtar jeton.
invalid: ungültig invalide. inválid недействит неверн ongeldig nieprawidłow geçersiz invalida. invalido.
inactive: inaktiv inactiv inattiv неактив
available: verfügbar disponible. disponibile disponível beschikbaar dostępn доступен
image: bild. bilder immagin imagen imágen изображ
tool: werkzeug outil. outils herramient ferrament strument инструмент
parameter: paramètre parámetro parâmetro parametr параметр
field: feld. champ. campo. поле.
expired: abgelaufen expiré caducad expirad expirou scadut истек verlopen wygasł süresi
account: konto. compte cuenta. conta. аккаунт учетн учётн hesap
user: benutzer nutzer. utilisateur usuario usuário utente. пользовател gebruiker użytkownik kullanıcı
disabled: gesperrt deaktiviert désactivé desactivad inhabilitad desativad disattivat disabilitat отключ
disabled: uitgeschakeld
suspended: suspendu suspendid suspens. suspenso sospes приостановлен opgeschort zawieszon
blocked: blockiert bloqué bloquead bloccat заблокирован geblokkeerd zablokowan engellen
banned: banni gebannt verbannt banead banid bannat
input: eingabe entrée. entrada ввод invoer
prompt: prompt.
context: kontext contexte contexto contesto контекст
content: inhalt contenu contenido conteúdo contenuto содержим inhoud treść içerik
inappropriate: unangemess unzulässig inapproprié inapropiad inadequad inappropriat недопустим ongepast
inappropriate: nieodpowiedni uygunsuz verstöß enfreint infringe viola. нарушает
empty: leer. vide. vacío vacía vazio vazia vuoto пуст
overloaded: überlast ausgelast surchargé saturé sobrecargad saturad sobrecarreg sovraccaric перегруж
overloaded: overbelast przeciążon yoğun
supported: unterstützt support. prise compatible. soporta admite suporta supporta поддержива ondersteun
supported: obsług destekle
region: région región região regione. регион страна. стране pays. país paese. land. ülke kraju
"""

# The same in scripts without spaces, and phrases (with "_" for a space).
_PARTS = """
quota: 配额 配額 额度 額度 クォータ 利用枠 使用枠 無料枠 할당량 쿼터
limit: 上限 限额 限額 限制 制限 한도 제한
usage: 使用量 用量 利用 使用 사용
exhausted: 用尽 用盡 用完 耗尽 耗盡 使い果た 使い切 枯渇 소진
exceeded: 超出 超过 超過 超え 초과
reached: 达到 達到 已达 已達 達しまし 도달
insufficient: 不足 不够 不夠 부족
balance: 余额 餘額 残高 잔액
credits: 积分 點數 点数 クレジット 크레딧
payment: 续费 續費 欠费 欠費 充值 储值 付费 付費 支払 料金 결제
subscription: 会员 會員 会員 订阅 訂閱 套餐 サブスクリプション 구독
today: 今日 今天 当日 當日 本日 오늘
day: 每日 每天 一日 일일
week: 每周 每週 本周 本週 今週 週間 주간
month: 이번_달 이번달 每月 本月 当月 今月 月間 월간
minute: 分钟 分鐘 分間 毎分 분당
second: 每秒 毎秒 초당
moment: 稍后 稍後 しばらく 잠시
no: ありません 没有 沒有 无可用 無可用 없습니다
missing: 缺少 缺失 未提供 未携带 누락
image: 图片 圖片 图像 画像 이미지
tool: 工具 ツール 도구
parameter: 参数 參數 パラメータ 매개변수
streaming: 流式 ストリーミング
not: 未开放 未開放 未上线 未上線
many requests: 多くのリクエスト 请求过多 請求過多 请求数过多 リクエストが多すぎ 요청이너무많 요청이_너무_많
many requests: zu_viele_anfragen trop_de_requêtes
many requests: demasiadas_solicitudes demasiadas_peticiones muitas_requisições muitas_solicitações
many requests: troppe_richieste слишком_много_запросов te_veel_verzoeken zbyt_wiele_żądań
many requests: çok_fazla_istek
often: 频繁 頻繁 頻度が高 너무_자주
rate: 频率 頻率 速率 レート 속도
model: 模型 モデル 모델
not: 下线 下線 下架 提供終了 サービス終了 不包含 不在此
not: 不存在 未找到 找不到 不可用 不支持 不支援 未开通 未開通 未激活 見つかり 存在しま 利用できま
not: 対応していま サポートされていま 提供されていま 찾을_수_없 존재하지 지원되지 지원하지
not: 사용할_수_없
access: 无权 無權 权限 權限 アクセス 権限 접근 권한
denied: 无权 無權 没有权限 沒有權限 拒绝 拒絕 禁止 拒否 権限がありま 거부
key: 密钥 密鑰 令牌 キー トークン 토큰 키가
invalid: no_es_válid não_é_válid n_est_pas_valide non_è_valid nicht_gültig
invalid: 无效 無效 不正确 不正確 错误的 無効 正しくありま 不正な 유효하지 잘못된
expired: 过期 過期 到期 期限切れ 期限が切れ 만료
account: 账户 账号 帳戶 帳號 アカウント 계정
user: 用户 用戶 ユーザー 사용자
disabled: 禁用 停用 已关闭 無効化 利用停止 비활성
suspended: 冻结 凍結 封禁 锁定 一時停止 정지
banned: banされ 封号 차단
region: 地区 地區 国家 國家 地域 지역 국가
unsupported: 不支持 不支援 サポートされていま 対応していま 지원되지
input: 输入 輸入 入力 입력
context: 上下文 コンテキスト 컨텍스트
longer: 过长 過長 太长 太長 長すぎ 너무_깁 너무_길 zu_lang trop_long demasiado_larg muito_long
longer: troppo_lung слишком_длин
longer: te_lang zbyt_długi çok_uzun
maximum: 最大 최대
content: 内容 內容 コンテンツ 콘텐츠
inappropriate: 敏感 违规 違規 违反 不当 不適切 ポリシー違反 부적절
empty: 为空 為空 空です 空にで 비어
overloaded: 繁忙 过载 過載 负载 負載 负荷 拥挤 混雑 過負荷 負荷が 飽和 込み合 혼잡 과부하
"""


def in_english(folded_text: str) -> str | None:
    """The text with English words for what its own say; None where none of them is foreign.

    Args:
        folded_text: sentences as the table compares them (catalog.meanings.fold).
    """
    by_start, parts = _tables()
    english = {
        word
        for foreign in folded_text.split()
        for stem, is_whole, word in by_start.get(foreign[:START], ())
        if (foreign == stem if is_whole else foreign.startswith(stem))
    }
    if english or not folded_text.isascii():
        english |= {word for part, word in parts if part in folded_text}
    if not english:
        return None
    api = " api" if "api" in folded_text else ""  # "APIキー" has no space
    return f"{folded_text}{' '.join(sorted(english))}{api} "


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, list[tuple[str, bool, str]]], list[tuple[str, str]]]:
    """Stems by their first letters, and parts; made when the first foreign sentence comes."""
    by_start: dict[str, list[tuple[str, bool, str]]] = {}
    for english, foreign in table_rows(_STEMS):
        for stem in foreign:
            letters = stem.rstrip(".")
            is_whole = letters != stem or len(stem) < START
            by_start.setdefault(letters[:START], []).append((letters, is_whole, english))
    parts = [(part.replace("_", " "), english) for english, foreign in table_rows(_PARTS) for part in foreign]
    return by_start, parts
