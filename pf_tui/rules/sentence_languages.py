"""Sentences that are not English, as the English words that tell what they speak of. Pure.

Gateways and smaller vendors answer in their country's language: "Le quota de ce jeton est épuisé",
"余额不足", "APIキーが無効です". What is read of them are stems: a thing, and what is wrong with it.
Source: the language files of one-api and new-api, and error texts in public repositories, read on
Source: 2026-11-30.
"""

from __future__ import annotations

from functools import lru_cache

from pf_tui.rules.reset_forms import table_rows

_VOWELS = dict.fromkeys(range(0x64B, 0x653))
"""Marks over and under Arabic letters, which most writers leave out."""

START = 4
"""Letters by which a stem is looked up; a shorter word must be the whole word."""

# English word: beginnings of words (with "." the whole word) in German, French, Spanish, Portuguese,
# Italian, Dutch, Polish, Turkish, Russian, Ukrainian, Czech, Indonesian, Swedish, Danish and Norwegian.
_STEMS = """
quota: kontingent cuota cota. квот kota. kotası przydział
quota: kvót kvot. kvoten. kuota
quota: keret. keretet kvóta kvote. cotă cota. ποσόστωσ
quota: quotum kotan
limit: limite. límite grenze höchstgrenze limit. лимит limiti tageslimit anfragelimit monatslimit
limit: wochenlimit
usage: nutzung verbrauch utilisation utilización uso. utilizzo использован kullanım gebruikslimiet
usage: nutzungslimit
usage: використан využit spotřeb penggunaan pemakaian användning forbrug forbruk
usage: utilizare használat χρήση χρήσης
limit: nutzungslimit gebruikslimiet
limit: ліміт обмежен limitu. limity. limitem. batas gräns grænse grense
limit: limita. limitei korlát όριο ορίου
limit: limiet limieten daglimiet weeklimiet maandlimiet
exceeded: überschritten dépass superad excedid excedeu ultrapass superat превышен overschreden
exceeded: przekroczon aşıld aştı
exceeded: перевищен překroč melebihi melampaui terlampaui överskrid overskred
exceeded: depăși túllép υπέρβαση υπερβ ξεπέρασ
reached: erreicht atteint alcanzad alcanzó atingid atingiu raggiunt достигнут bereikt osiągnięt ulaşt
reached: досягн dosažen dosáhl tercapai mencapai nått. nåtts. nådd nået
reached: atins. elért elérte φτάσει φτάσατε
reached: досягл
exhausted: aufgebraucht erschöpft verbraucht épuisé épuisée agotad agotó esgotad esgotou esaurit
exhausted: исчерпан opgebruikt wyczerpan tükendi
exhausted: вичерпан vyčerp habis. förbrukad opbrugt oppbrukt
exhausted: epuizat kimerült elfogyott εξαντλ
exhausted: doldu bitti. tükendi
insufficient: unzureichend ungenügend insuffisant insuficiente insufficiente недостаточно onvoldoende
insufficient: niewystarczając yetersiz
insufficient: недостатн nedostatečn nedostatek dostatek kurang. otillräcklig utilstrækkelig
insufficient: utilstrekkelig
insufficient: insuficient elegendő elégtelen ανεπαρκ
insufficient: ontoereikend
balance: guthaben solde. saldo kontostand баланс средств bakiye środk
balance: кошт коштів рахунок zůstat prostředk tegoed
balance: sold. soldul egyenleg υπόλοιπο
credits: crédit crédito kredit credito. crediti кредит
credits: krediet
payment: zahlung bezahl paiement pago. pagos pagamento оплат betaling płatno ödeme
payment: поповн platb zaplat pembayaran betalning
payment: plată plata. fizetés πληρωμ
billing: abrechnung rechnung facturation facturación faturamento fatturazione
billing: faktur tagihan
subscription: abonnement abo. suscripción assinatura abbonamento подписк subskrypcj abonelik
subscription: підписк předplat langganan prenumeration
today: heute heutig aujourd hoy. hoje. oggi. сегодня vandaag dzisiaj bugün
today: сьогодн dnes. hari.
day: tag. täglich jour. quotidien journali día. diario diaria diário dia. giorno. giornalier дневн день.
day: dagelijk dzienn günlük tageslimit
day: денн щоден denní. denního. harian dagliga daglig
day: zilnic napi. ημερήσι σήμερα
day: daglimiet
day: добов
week: woche wöchentlich semaine hebdomadaire semana settiman недел wekelijk tygodn haftalık wochenlimit
week: тижн тижден týden týdn minggu veck ukentlig ugentlig
week: săptămân heti. εβδομαδιαί
week: weeklimiet
month: monat mois. mensuel mes. mensual mês. mensal mese. mensile месяц maandelijk miesi aylık
month: monatslimit
month: місяц місяч měsíc měsíč bulan månad måned
month: lunar havi. hónap μηνιαί
month: maandlimiet
minute: minut минут dakika
minute: хвилин menit
second: sekund segundo secondi secondes секунд saniye
second: detik sekund
wait: warte patiente espera. espere attendre attendi подожд wacht
wait: зачекайте počkejte tunggu vänta
moment: momento. momentos instants. augenblick
requests: anfrage requête solicitud peticion requisiç solicitaç richiest запрос verzoek żądań istek
requests: запит požadav permintaan förfrågn
requests: cereri kérés αιτήματα αιτημάτων
rate: ratenlimit débit. tasa. frecuencia taxa. частот
model: modell modèle modelo. modelos modello модел modelu model.
model: modell. modelul μοντέλο
not: nicht pas. não. non. не. нет. niet nie. değil
not: не. немає není nelze nebyl. tidak. inte. ikke.
not: nu. nem. δεν.
no: kein aucun ningun ningún nessun нет. geen brak. yok.
no: немає není nincs
unknown: unbekannt inconnu desconocid desconhecid sconosciut неизвестн onbekend nieznan bilinmeyen
unknown: невідом neznám okänd
missing: fehlt fehlend manquant falta faltan ausente mancante отсутству ontbreek brakuj eksik
missing: chybí відсутн hilang. saknas mangler hiányz lipsește
unavailable: unverfügbar indisponible indisponível недоступ niedostępn
unavailable: недоступн nedostupn
unavailable: indisponibil. μη_διαθέσιμ
find: gefunden introuvable trouvé encontrad trovat найден gevonden znaleziono bulunamad
find: знайден nalezen ditemukan hittades
find: găsit található βρέθηκε
exist: existiert existe. esiste существу bestaat istnieje
exist: існу neexist bestaat finns.
access: zugriff zugang accès acceso. acesso. accesso. доступ toegang dostęp erişim
access: přístup akses åtkomst
denied: verweigert refusé denegad negado negato запрещ geweigerd odmow reddedildi interdit
denied: заборонен відмовлен odepřen zamítnut ditolak nekad
apikey: schlüssel clé. clave. chave. chiave. ключ sleutel klucz anahtar jeton.
apikey: токен klíč kunci nyckel nøgle nøkkel
apikey: cheia cheie kulcs κλειδί tokenu. tokenul. tokenet. tokena.
invalid: ungültig invalide. inválid недействит неверн ongeldig nieprawidłow geçersiz invalida. invalido.
invalid: недійсн невірн неправильн neplatn ogiltig ugyldig
invalid: nevalid érvénytelen άκυρο μη_έγκυρο
inactive: inaktiv inactiv inattiv неактив
available: verfügbar disponible. disponibile disponível beschikbaar dostępn доступен
available: tersedia tillgänglig tilgængelig tilgjengelig
image: bild. bilder immagin imagen imágen изображ
tool: werkzeug outil. outils herramient ferrament strument инструмент
parameter: paramètre parámetro parâmetro parametr параметр
field: feld. champ. campo. поле.
expired: abgelaufen expiré caducad expirad expirou scadut истек verlopen wygasł süresi
expired: прострочен закінч vyprš kedaluwarsa kadaluarsa utgång udløb utløp
expired: expirat lejárt έληξε
expired: berakhir закінчил
account: konto. compte cuenta. conta. аккаунт учетн учётн hesap
account: обліков акаунт účet účt akun. konto
account: contul cont. fiók λογαριασμ
user: benutzer nutzer. utilisateur usuario usuário utente. пользовател gebruiker użytkownik kullanıcı
user: користувач uživatel pengguna användare
disabled: gesperrt deaktiviert désactivé desactivad inhabilitad desativad disattivat disabilitat отключ
disabled: uitgeschakeld
disabled: вимкнен deaktivov dinonaktif
suspended: suspendu suspendid suspens. suspenso sospes приостановлен opgeschort zawieszon
suspended: призупинен pozastaven ditangguhkan avstängd
suspended: suspendat felfüggeszt αναστολή
blocked: blockiert bloqué bloquead bloccat заблокирован geblokkeerd zablokowan engellen
blocked: заблокован zablokován diblokir blockerad
blocked: blocat letilt αποκλει
banned: banni gebannt verbannt banead banid bannat
input: eingabe entrée. entrada ввод invoer
prompt: prompt.
context: kontext contexte contexto contesto контекст
context: konteks kontext
content: inhalt contenu contenido conteúdo contenuto содержим inhoud treść içerik
inappropriate: unangemess unzulässig inapproprié inapropiad inadequad inappropriat недопустим ongepast
inappropriate: nieodpowiedni uygunsuz verstöß enfreint infringe viola. нарушает
empty: leer. vide. vacío vacía vazio vazia vuoto пуст
overloaded: überlast ausgelast surchargé saturé sobrecargad saturad sobrecarreg sovraccaric перегруж
overloaded: overbelast przeciążon yoğun
overloaded: перевантажен přetížen sibuk överbelast
overloaded: suprasolicit supraîncărc túlterhel υπερφόρτ
supported: unterstützt support. prise compatible. soporta admite suporta supporta поддержива ondersteun
supported: obsług destekle
supported: підтриму podporován didukung támogat
region: région región região regione. регион страна. стране pays. país paese. land. ülke kraju
too: terlalu příliš занадто забагато túl prea quá troppo trop. demasiado muito
longer: довгий dlouh lång. langt. hosszú
"""

# The same in scripts without spaces or with endings at both sides of a word, and phrases ("_" for a space):
# Chinese, Japanese, Korean, Arabic, Hindi, Thai and Vietnamese.
_PARTS = """
quota: 配额 配額 额度 額度 クォータ 利用枠 使用枠 無料枠 할당량 쿼터
quota: حصة حصت كوتا कोटा โควต้า โควตา hạn_mức hạn_ngạch
quota: מכסה سهمیه
limit: 上限 限额 限額 限制 制限 한도 제한
limit: الحد حدود_ الأقصى सीमा लिमिट ขีดจำกัด ลิมิต วงเงิน giới_hạn
limit: מגבלה מגבלת محدودیت سقف
usage: 使用量 用量 利用 使用 사용
usage: استخدام استهلاك उपयोग การใช้งาน sử_dụng
exhausted: 用尽 用盡 用完 耗尽 耗盡 使い果た 使い切 枯渇 소진
exhausted: استنفد استنفاد استنفذ نفد نفاد समाप्त खत्म ख़त्म หมดแล้ว ใช้หมด หมดลง đã_hết dùng_hết
exhausted: hết_tiền đã_cạn
exhausted: tegoed_is_op נוצלה נגמר تمام_شده
exhausted: इस्तेमाल_कर उपयोग_कर_लिया
exhausted: استهلك
exhausted: เครดิตหมด โควตาหมด โควต้าหมด ยอดหมด
exceeded: 超出 超过 超過 超え 초과
exceeded: تجاوز تخطي تخطّي पार_ เกิน vượt_quá đã_vượt
exceeded: חרגת חריגה
reached: 达到 達到 已达 已達 達しまし 도달
reached: وصلت بلغت بلوغ पूरी_हो पूरा_हो ครบ ถึงขีด đã_đạt đạt_đến đạt_tới
reached: הגעת رسیده
insufficient: 不足 不够 不夠 부족
insufficient: غير_كاف لا_يكفي अपर्याप्त पर्याप्त ไม่เพียงพอ ไม่พอ không_đủ tidak_mencukupi tidak_cukup
insufficient: אינה_מספיקה לא_מספיק ناکافی کافی_نیست
balance: 余额 餘額 残高 잔액
balance: رصيد शेष_राशि बैलेंस बैलेन्स ยอดเงิน ยอดคงเหลือ số_dư hết_tiền tegoed_is_op
balance: יתרה اعتبار موجودی
credits: 积分 點數 点数 クレジット 크레딧
credits: क्रेडिट เครดิต tín_dụng
payment: 续费 續費 欠费 欠費 充值 储值 付费 付費 支払 料金 결제
payment: الدفع شحن_الحساب भुगतान ชำระเงิน เติมเงิน thanh_toán nạp_thêm nạp_tiền isi_ulang
payment: रिचार्ज रीचार्ज เติมเครดิต
payment: الشحن
subscription: 会员 會員 会員 订阅 訂閱 套餐 サブスクリプション 구독
subscription: اشتراك सदस्यता การสมัครสมาชิก gói_cước
today: 今日 今天 当日 當日 本日 오늘
day: 每日 每天 一日 일일
day: يومي اليوم दैनिक आज_ प्रतिदिन วันนี้ รายวัน ต่อวัน hàng_ngày hôm_nay mỗi_ngày
day: יומי היום روزانه امروز
week: 每周 每週 本周 本週 今週 週間 주간
week: أسبوع اسبوع साप्ताहिक सप्ताह สัปดาห์ hàng_tuần tuần_này
month: 이번_달 이번달 每月 本月 当月 今月 月間 월간
month: شهر मासिक महीने เดือน hàng_tháng tháng_này
month: חודשי החודש ماهانه
minute: 分钟 分鐘 分間 毎分 분당
second: 每秒 毎秒 초당
moment: 稍后 稍後 しばらく 잠시
no: ありません 没有 沒有 无可用 無可用 없습니다
missing: 缺少 缺失 未提供 未携带 누락
missing: مفقود अनुपस्थित thiếu_ ขาดหาย
image: 图片 圖片 图像 画像 이미지
tool: 工具 ツール 도구
parameter: 参数 參數 パラメータ 매개변수
streaming: 流式 ストリーミング
not: 未开放 未開放 未上线 未上線
many requests: 多くのリクエスト 请求过多 請求過多 请求数过多 リクエストが多すぎ 요청이너무많
many requests: 요청이_너무_많
many requests: zu_viele_anfragen trop_de_requêtes
many requests: demasiadas_solicitudes demasiadas_peticiones muitas_requisições muitas_solicitações
many requests: troppe_richieste слишком_много_запросов te_veel_verzoeken zbyt_wiele_żądań
many requests: çok_fazla_istek
many requests: الكثير_من_الطلبات كبير_من_الطلبات كبير_جدا_من_الطلبات طلبات_كثيرة अधिक_अनुरोध
many requests: सारे_अनुरोध คำขอมากเกินไป คำขอจำนวนมาก
many requests: quá_nhiều_yêu_cầu terlalu_banyak_permintaan забагато_запитів занадто_багато_запитів
many requests: příliš_mnoho_požadavků
many requests: för_många_förfrågningar
many requests: prea_multe_cereri túl_sok_kérés πάρα_πολλά_αιτήματα יותר_מדי_בקשות تعداد_درخواست
often: 频繁 頻繁 頻度が高 너무_자주
rate: 频率 頻率 速率 レート 속도
rate: معدل_الطلبات tần_suất
model: 模型 モデル 모델
model: نموذج النموذج मॉडल โมเดล แบบจำลอง mô_hình
model: המודל מודל مدل
not: 下线 下線 下架 提供終了 サービス終了 不包含 不在此
not: 不存在 未找到 找不到 不可用 不支持 不支援 未开通 未開通 未激活 見つかり 存在しま 利用できま
not: 対応していま サポートされていま 提供されていま 찾을_수_없 존재하지 지원되지 지원하지
not: 사용할_수_없
not: غير_موجود غير_متاح غير_متوفر لم_يتم_العثور नहीं ไม่พบ ไม่มี ไม่พร้อมใช้งาน không_tìm_thấy
not: không_tồn_tại không_khả_dụng không_hỗ_trợ
not: לא_נמצא לא_קיים یافت_نشد وجود_ندارد در_دسترس_نیست
not: ไม่รองรับ không_được_hỗ_trợ غير_مدعوم समर्थित_नहीं
access: 无权 無權 权限 權限 アクセス 権限 접근 권한
access: صلاحية_الوصول अनुमति สิทธิ์ quyền_truy_cập
denied: 无权 無權 没有权限 沒有權限 拒绝 拒絕 禁止 拒否 権限がありま 거부
denied: مرفوض ممنوع अस्वीकार ถูกปฏิเสธ bị_từ_chối
apikey: 密钥 密鑰 令牌 キー トークン 토큰 키가
apikey: مفتاح رمز_الوصول الرمز_المميز कुंजी टोकन คีย์ โทเค็น โทเคน khóa_api khoá_api mã_thông_báo
apikey: mã_truy_cập
apikey: מפתח کلید
apikey: khóa_truy_cập khoá_truy_cập
invalid: no_es_válid não_é_válid n_est_pas_valide non_è_valid nicht_gültig
invalid: 无效 無效 不正确 不正確 错误的 無効 正しくありま 不正な 유효하지 잘못된
invalid: غير_صالح غير_صحيح خاطئ अमान्य गलत अवैध ไม่ถูกต้อง không_hợp_lệ không_đúng tidak_valid tidak_sah
invalid: לא_תקין לא_חוקי نامعتبر
expired: 过期 過期 到期 期限切れ 期限が切れ 만료
expired: منتهي انتهت_صلاحية अवधि_समाप्त หมดอายุ hết_hạn
expired: פג_תוקף منقضی
expired: منته
account: 账户 账号 帳戶 帳號 アカウント 계정
account: حساب खाता खाते अकाउंट บัญชี tài_khoản
account: החשבון חשבון
user: 用户 用戶 ユーザー 사용자
user: مستخدم उपयोगकर्ता ผู้ใช้ người_dùng
disabled: 禁用 停用 已关闭 無効化 利用停止 비활성
disabled: बंद_ ปิดใช้งาน ถูกปิด vô_hiệu_hóa vô_hiệu_hoá معطّل
suspended: 冻结 凍結 封禁 锁定 一時停止 정지
suspended: تعليق معلق موقوف إيقاف निलंबित ระงับ bị_khóa bị_khoá đình_chỉ
suspended: הושעה مسدود معلق_شد
banned: banされ 封号 차단
banned: حظر محظور प्रतिबंधित ถูกบล็อก bị_cấm bị_chặn
banned: ब्लॉक บล็อก
region: 地区 地區 国家 國家 地域 지역 국가
region: منطقتك بلدك क्षेत्र देश ภูมิภาค ประเทศ khu_vực quốc_gia
unsupported: 不支持 不支援 サポートされていま 対応していま 지원되지
input: 输入 輸入 入力 입력
input: इनपुट ข้อความ đầu_vào
context: 上下文 コンテキスト 컨텍스트
context: سياق संदर्भ บริบท ngữ_cảnh
longer: 过长 過長 太长 太長 長すぎ 너무_깁 너무_길 zu_lang trop_long demasiado_larg muito_long
longer: troppo_lung слишком_длин
longer: te_lang zbyt_długi çok_uzun
longer: طويل लंबा लम्बा ยาวเกิน quá_dài terlalu_panjang příliš_dlouh занадто_довг för_lång
longer: terlalu_panjang занадто_довг
maximum: 最大 최대
content: 内容 內容 コンテンツ 콘텐츠
content: محتوى सामग्री เนื้อหา nội_dung
inappropriate: 敏感 违规 違規 违反 不当 不適切 ポリシー違反 부적절
inappropriate: غير_لائق ضار_ आपत्तिजनक ไม่เหมาะสม không_phù_hợp
empty: 为空 為空 空です 空にで 비어
empty: فارغ खाली ว่างเปล่า để_trống
overloaded: 繁忙 过载 過載 负载 負載 负荷 拥挤 混雑 過負荷 負荷が 飽和 込み合 혼잡 과부하
overloaded: مشغول مزدحم ازدحام ضغط_كبير व्यस्त ไม่ว่าง ผู้ใช้งานจำนวนมาก quá_tải đang_bận
overloaded: עמוס شلوغ
unavailable: अनुपलब्ध
ended: انتهت انتهى
zero: शून्य
zero: صفر
messages: رسائل संदेश ข้อความ tin_nhắn
"""


def in_english(folded_text: str) -> str | None:
    """The text with English words for what its own say; None where none of them is foreign.

    Args:
        folded_text: sentences as the table compares them (catalog.meanings.fold).
    """
    by_start, parts = _tables()
    if not folded_text.isascii():
        folded_text = folded_text.translate(_VOWELS)
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
