//! The page behind the link that ends mails of one kind, and the one click of a mail program (RFC 8058).
//!
//! That click is a POST without a cookie and from nowhere: the token in the address is all its authority,
//! so it is not asked from which site it comes. A GET changes nothing, since mail scanners follow links.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{Extensions, StatusCode},
    response::Response,
};
use tandem_mail::Language;
use tandem_operations::deliveries::{self, Unsubscription};

use super::{
    frame::{Frame, fault, show},
    peer,
};
use crate::server::ApiState;

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct Page<'a> {
    frame: Frame,
    words: Words,
    token: &'a str,
    ended: bool,
}

/// What the page says in one language.
#[derive(Clone, Copy)]
struct Words {
    title: &'static str,
    ask: &'static str,
    essential: &'static str,
    end: &'static str,
    ended: &'static str,
    again: &'static str,
    unknown: &'static str,
}

fn words(language: Language) -> Words {
    match language {
        Language::De => Words {
            title: "Erinnerungen abbestellen",
            ask: "Möchten Sie E-Mails dieser Art nicht mehr bekommen?",
            essential: "Wichtige Nachrichten, zum Beispiel Antworten auf Ihre Fragen, bekommen Sie weiterhin.",
            end: "Ja, abbestellen",
            ended: "E-Mails dieser Art sind abbestellt.",
            again: "Doch wieder bekommen",
            unknown: "Diesen Link gibt es nicht. Vielleicht wurde er beim Kopieren abgeschnitten.",
        },
        Language::En => Words {
            title: "Stop reminders",
            ask: "Would you like to stop e-mails of this kind?",
            essential: "You will still get important messages, such as answers to your questions.",
            end: "Yes, stop them",
            ended: "E-mails of this kind are stopped.",
            again: "Get them again",
            unknown: "There is no such link. Perhaps a part of it is missing.",
        },
        Language::Ar => Words {
            title: "إيقاف التذكيرات",
            ask: "هل تريد إيقاف هذا النوع من الرسائل؟",
            essential: "ستستمر في تلقي الرسائل المهمة.",
            end: "نعم، أوقفها",
            ended: "تم إيقاف هذا النوع من الرسائل.",
            again: "أريدها من جديد",
            unknown: "هذا الرابط غير موجود.",
        },
        Language::Fa => Words {
            title: "قطع یادآوری‌ها",
            ask: "آیا می‌خواهید این نوع ایمیل دیگر نیاید؟",
            essential: "پیام‌های مهم همچنان برای شما می‌آید.",
            end: "بله، قطع کنید",
            ended: "این نوع ایمیل قطع شد.",
            again: "دوباره می‌خواهم",
            unknown: "این لینک وجود ندارد.",
        },
        Language::Uk => Words {
            title: "Припинити нагадування",
            ask: "Бажаєте більше не отримувати таких листів?",
            essential: "Важливі повідомлення ви отримуватимете й далі.",
            end: "Так, припинити",
            ended: "Таких листів більше не буде.",
            again: "Отримувати знову",
            unknown: "Такого посилання немає.",
        },
        Language::Tr => Words {
            title: "Hatırlatmaları durdur",
            ask: "Bu tür e-postaları artık almak istemiyor musunuz?",
            essential: "Önemli mesajları almaya devam edersiniz.",
            end: "Evet, durdur",
            ended: "Bu tür e-postalar durduruldu.",
            again: "Yeniden al",
            unknown: "Böyle bir bağlantı yok.",
        },
    }
}

async fn page(state: &ApiState, token: &str) -> Response {
    let looked = async {
        let unsubscription = deliveries::unsubscription(&state.app, token).await?;
        let mut conn = state.app.acquire(&tandem_operations::Caller::nobody()).await?;
        let settings = tandem_operations::settings::current(&mut conn).await?;
        Ok::<_, tandem_operations::Error>((unsubscription, settings))
    };
    match looked.await {
        Ok((Some(Unsubscription { ended, language, .. }), settings)) => {
            let words = words(language);
            let frame = Frame {
                language,
                title: words.title.to_owned(),
                programme: settings.programme_name,
            };
            show(
                StatusCode::OK,
                &Page {
                    frame,
                    words,
                    token,
                    ended,
                },
            )
        }
        Ok((None, settings)) => unknown(&settings.programme_name),
        Err(error) => fault(&error),
    }
}

fn unknown(programme: &str) -> Response {
    let message = super::frame::Message {
        frame: Frame {
            language: Language::De,
            title: words(Language::De).title.to_owned(),
            programme: programme.to_owned(),
        },
        paragraphs: [Language::De, Language::En]
            .map(|language| words(language).unknown.to_owned())
            .into(),
    };
    show(StatusCode::NOT_FOUND, &message)
}

/// `GET`: says what the button would end.
pub(super) async fn look(State(state): State<ApiState>, Path(token): Path<String>) -> Response {
    page(&state, &token).await
}

/// `POST`: ends mails of this kind; twice is once.
pub(super) async fn end(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    extensions: Extensions,
) -> Response {
    match deliveries::unsubscribe(&state.app, &token, &peer(&extensions)).await {
        Ok(_) => page(&state, &token).await,
        Err(error) => fault(&error),
    }
}

/// `POST`: takes it back.
pub(super) async fn take_back(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    extensions: Extensions,
) -> Response {
    match deliveries::take_back(&state.app, &token, &peer(&extensions)).await {
        Ok(_) => page(&state, &token).await,
        Err(error) => fault(&error),
    }
}
