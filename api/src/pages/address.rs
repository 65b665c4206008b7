//! The page behind the two mails about a changed address: confirms at the one that the link went to, or says "this
//! was not me". A GET changes nothing: mail scanners follow links.

use axum::{
    extract::{Path, State},
    http::{Extensions, StatusCode},
    response::Response,
};
use tandem_domain::addresses::End;
use tandem_mail::{Language, Words as Dates};
use tandem_operations::addresses::{self, Look as Change, Stand};

use super::frame::{Frame, fault};
use super::person::Fields;
use super::view::{Block, Foot, Form, Look, Page};
use super::{peer, texts, unknown_link};
use crate::server::ApiState;

/// What the page says in one language.
struct Words {
    old_title: &'static str,
    old_text: &'static str,
    old_ask: &'static str,
    new_title: &'static str,
    new_ask: &'static str,
    until: &'static str,
    yes: &'static str,
    no: &'static str,
    waiting_title: &'static str,
    waiting: &'static str,
    done_title: &'static str,
    done: &'static str,
    contested_title: &'static str,
    contested: &'static str,
    over_title: &'static str,
    over: &'static str,
}

fn words(language: Language) -> &'static Words {
    match language {
        Language::De => &Words {
            old_title: "Ist Ihre neue E-Mail-Adresse richtig?",
            old_text: "Ihre E-Mail-Adresse bei uns soll sich ändern. Die neue Adresse ist",
            old_ask: "Ist das richtig? Dann bestätigen Sie es bitte. Beide Adressen müssen bestätigen, die alte und die neue.",
            new_title: "Bitte bestätigen Sie diese E-Mail-Adresse",
            new_ask: "Jemand hat uns diese Adresse für Sie genannt. Lesen Sie hier Ihre E-Mails? Dann bestätigen Sie es bitte.",
            until: "Bitte bis",
            yes: "Ja, das ist richtig",
            no: "Nein, das war ich nicht",
            waiting_title: "Danke, diese Adresse ist bestätigt",
            waiting: "Es fehlt noch die Bestätigung der anderen Adresse. Bis dahin schreiben wir an die bisherige Adresse, und Ihre Antworten warten.",
            done_title: "Die neue E-Mail-Adresse gilt jetzt",
            done: "Ab jetzt schreiben wir an die neue Adresse. Links aus früheren E-Mails öffnen nichts mehr.",
            contested_title: "Die E-Mail-Adresse bleibt, wie sie war",
            contested: "Danke für den Hinweis. Die neue Adresse gilt nicht. Wir klären das und rufen Sie an.",
            over_title: "Diese Änderung ist erledigt",
            over: "Sie wurde zurückgenommen, oder sie wurde nicht rechtzeitig bestätigt. Es ist nichts zu tun.",
        },
        Language::En => &Words {
            old_title: "Is your new e-mail address right?",
            old_text: "Your e-mail address with us is to change. The new address is",
            old_ask: "Is that right? Then please confirm it. Both addresses have to confirm, the old one and the new one.",
            new_title: "Please confirm this e-mail address",
            new_ask: "Somebody gave us this address for you. Do you read your e-mails here? Then please confirm it.",
            until: "Please by",
            yes: "Yes, that is right",
            no: "No, that was not me",
            waiting_title: "Thank you, this address is confirmed",
            waiting: "The other address has not confirmed yet. Until then we write to the address that we had, and your answers wait.",
            done_title: "The new e-mail address counts now",
            done: "From now on we write to the new address. Links in earlier e-mails open nothing any more.",
            contested_title: "The e-mail address stays as it was",
            contested: "Thank you for telling us. The new address does not count. We will look into it and call you.",
            over_title: "This change is settled",
            over: "It was taken back, or it was not confirmed in time. There is nothing to do.",
        },
        Language::Ar => &Words {
            old_title: "هل عنوان بريدك الجديد صحيح؟",
            old_text: "سيتغير عنوان بريدك الإلكتروني لدينا. العنوان الجديد هو",
            old_ask: "هل هذا صحيح؟ أكّد ذلك من فضلك. يجب أن يؤكد العنوانان، القديم والجديد.",
            new_title: "أكّد عنوان البريد هذا من فضلك",
            new_ask: "أعطانا أحدهم هذا العنوان لك. هل تقرأ بريدك هنا؟ أكّد ذلك من فضلك.",
            until: "من فضلك حتى",
            yes: "نعم، هذا صحيح",
            no: "لا، لم أكن أنا",
            waiting_title: "شكرًا، تم تأكيد هذا العنوان",
            waiting: "لم يؤكد العنوان الآخر بعد. حتى ذلك الوقت نكتب إلى العنوان السابق، وإجاباتك تنتظر.",
            done_title: "عنوان البريد الجديد يسري الآن",
            done: "من الآن نكتب إلى العنوان الجديد. روابط الرسائل السابقة لم تعد تفتح شيئًا.",
            contested_title: "يبقى عنوان البريد كما كان",
            contested: "شكرًا لأنك أخبرتنا. العنوان الجديد لا يسري. سنوضح الأمر ونتصل بك.",
            over_title: "انتهى هذا التغيير",
            over: "تم التراجع عنه أو لم يؤكَّد في الوقت المحدد. لا يلزم فعل شيء.",
        },
        Language::Fa => &Words {
            old_title: "آیا نشانی ایمیل جدید شما درست است؟",
            old_text: "نشانی ایمیل شما نزد ما عوض می‌شود. نشانی جدید این است:",
            old_ask: "درست است؟ لطفاً تأیید کنید. هر دو نشانی باید تأیید کنند، قدیمی و جدید.",
            new_title: "لطفاً این نشانی ایمیل را تأیید کنید",
            new_ask: "کسی این نشانی را برای شما به ما داد. ایمیل‌هایتان را اینجا می‌خوانید؟ لطفاً تأیید کنید.",
            until: "لطفاً تا",
            yes: "بله، درست است",
            no: "نه، من نبودم",
            waiting_title: "ممنون، این نشانی تأیید شد",
            waiting: "نشانی دیگر هنوز تأیید نکرده است. تا آن وقت به نشانی قبلی می‌نویسیم و جواب‌های شما منتظر می‌ماند.",
            done_title: "نشانی ایمیل جدید حالا معتبر است",
            done: "از حالا به نشانی جدید می‌نویسیم. لینک‌های ایمیل‌های قبلی دیگر باز نمی‌شود.",
            contested_title: "نشانی ایمیل همان می‌ماند",
            contested: "ممنون که گفتید. نشانی جدید معتبر نیست. موضوع را روشن می‌کنیم و به شما زنگ می‌زنیم.",
            over_title: "این تغییر تمام شده است",
            over: "پس گرفته شد یا به‌موقع تأیید نشد. لازم نیست کاری بکنید.",
        },
        Language::Uk => &Words {
            old_title: "Чи правильна Ваша нова електронна адреса?",
            old_text: "Ваша електронна адреса у нас має змінитися. Нова адреса:",
            old_ask: "Це правильно? Тоді, будь ласка, підтвердьте. Підтвердити мають обидві адреси, стара і нова.",
            new_title: "Будь ласка, підтвердьте цю електронну адресу",
            new_ask: "Хтось назвав нам цю адресу для Вас. Ви читаєте тут свою пошту? Тоді, будь ласка, підтвердьте.",
            until: "Будь ласка, до",
            yes: "Так, це правильно",
            no: "Ні, це не я",
            waiting_title: "Дякуємо, цю адресу підтверджено",
            waiting: "Інша адреса ще не підтвердила. До того часу ми пишемо на попередню адресу, а Ваші відповіді чекають.",
            done_title: "Нова електронна адреса діє",
            done: "Відтепер ми пишемо на нову адресу. Посилання з попередніх листів більше не відкриваються.",
            contested_title: "Електронна адреса залишається, як була",
            contested: "Дякуємо, що сказали. Нова адреса не діє. Ми з'ясуємо це й зателефонуємо Вам.",
            over_title: "Цю зміну завершено",
            over: "Її скасували або не підтвердили вчасно. Нічого робити не треба.",
        },
        Language::Tr => &Words {
            old_title: "Yeni e-posta adresiniz doğru mu?",
            old_text: "Bizdeki e-posta adresiniz değişecek. Yeni adres:",
            old_ask: "Bu doğru mu? O zaman lütfen onaylayın. İki adres de onaylamalı, eski ve yeni.",
            new_title: "Lütfen bu e-posta adresini onaylayın",
            new_ask: "Biri bu adresi sizin için verdi. E-postalarınızı burada mı okuyorsunuz? O zaman lütfen onaylayın.",
            until: "Lütfen şu tarihe kadar:",
            yes: "Evet, doğru",
            no: "Hayır, ben değildim",
            waiting_title: "Teşekkürler, bu adres onaylandı",
            waiting: "Diğer adres henüz onaylamadı. O zamana kadar önceki adrese yazarız ve cevaplarınız bekler.",
            done_title: "Yeni e-posta adresi artık geçerli",
            done: "Artık yeni adrese yazıyoruz. Önceki e-postalardaki bağlantılar açılmaz.",
            contested_title: "E-posta adresi olduğu gibi kalıyor",
            contested: "Bize söylediğiniz için teşekkürler. Yeni adres geçerli değil. Bunu araştırıp sizi arayacağız.",
            over_title: "Bu değişiklik bitti",
            over: "Geri alındı ya da zamanında onaylanmadı. Yapmanız gereken bir şey yok.",
        },
    }
}

/// Shows the change as it stands for this end.
pub(super) async fn look(State(state): State<ApiState>, Path(token): Path<String>) -> Response {
    match addresses::look(&state.app, &token).await {
        Ok(Some(change)) => page(&change, &token),
        Ok(None) => unknown_link(),
        Err(error) => fault(&error),
    }
}

/// Confirms or contests, and shows how it stands then; twice is once.
pub(super) async fn act(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    extensions: Extensions,
    fields: Fields,
) -> Response {
    let from = peer(&extensions);
    let done = match fields.get("act") {
        "confirm" => addresses::confirm(&state.app, &token, &from).await,
        "contest" => addresses::contest(&state.app, &token, &from).await,
        // what no button of ours sends does nothing
        _ => Ok(Some(false)),
    };
    match done {
        Ok(_) => look(State(state), Path(token)).await,
        Err(error) => fault(&error),
    }
}

fn page(change: &Change, token: &str) -> Response {
    let w = words(change.language);
    let t = texts::of(change.language);
    let (title, blocks) = match change.stand {
        Stand::Asked => asked(change, w, token),
        Stand::Waiting => {
            let mut blocks = vec![Block::Done(w.waiting.to_owned())];
            blocks.extend(objection(change, w, token));
            (w.waiting_title, blocks)
        }
        Stand::Done => (w.done_title, vec![Block::Text(w.done.to_owned())]),
        Stand::Contested => (w.contested_title, vec![Block::Text(w.contested.to_owned())]),
        Stand::Over => (w.over_title, vec![Block::Text(w.over.to_owned())]),
    };
    Page {
        frame: Frame {
            language: change.language,
            title: title.to_owned(),
            programme: change.organisation.programme_name.clone(),
        },
        blocks,
        foot: Some(Foot {
            links: Vec::new(),
            forms: Vec::new(),
            questions: t.questions.into(),
            call: t.call_or_write.into(),
            phone: t.phone.into(),
            email: t.email.into(),
            contact: change.contact.clone(),
            only_for: String::new(),
            organisation: change.organisation.organisation_name.clone(),
        }),
    }
    .show(StatusCode::OK)
}

fn asked(change: &Change, w: &'static Words, token: &str) -> (&'static str, Vec<Block>) {
    let until = Dates(change.language).day_and_time(&change.until);
    let form = Form::new(format!("/p/address/{token}"))
        .sending("act", "confirm", w.yes, Look::First)
        .sending("act", "contest", w.no, Look::Plain);
    let (title, mut blocks) = match change.end {
        End::Old => (
            w.old_title,
            vec![
                Block::Facts(vec![(w.old_text.to_owned(), change.new_address.clone())]),
                Block::Text(w.old_ask.to_owned()),
            ],
        ),
        End::New => (w.new_title, vec![Block::Text(w.new_ask.to_owned())]),
    };
    blocks.push(Block::Text(format!("{} {until}", w.until)));
    blocks.push(Block::Form(form));
    (title, blocks)
}

/// Who confirmed by mistake can still say so.
fn objection(change: &Change, w: &Words, token: &str) -> Option<Block> {
    change.can_contest.then(|| {
        let form = Form::new(format!("/p/address/{token}"));
        Block::Form(form.sending("act", "contest", w.no, Look::Plain))
    })
}
