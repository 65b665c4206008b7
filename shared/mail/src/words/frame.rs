//! What every mail says besides its own words: the greeting at the end, how to reach somebody, and why
//! the reader got it.

use super::Words;
use crate::language::Language;

impl Words {
    fn of(self, [de, en, ar, fa, uk, tr]: [&'static str; 6]) -> &'static str {
        match self.0 {
            Language::De => de,
            Language::En => en,
            Language::Ar => ar,
            Language::Fa => fa,
            Language::Uk => uk,
            Language::Tr => tr,
        }
    }

    /// "Mit herzlichem Gruß".
    pub fn closing(&self) -> &'static str {
        self.of([
            "Mit herzlichem Gruß",
            "With kind regards",
            "مع أطيب التحيات",
            "با احترام",
            "З найкращими побажаннями",
            "Sevgi ve saygılarımızla",
        ])
    }

    /// A heading as it stands out in plain text: in capital letters, where the script has them.
    pub fn heading(&self, text: &str) -> String {
        match self.0 {
            // the capital of a Turkish i keeps its dot
            Language::Tr => text.replace('i', "İ").to_uppercase(),
            _ => text.to_uppercase(),
        }
    }

    /// "Telefon".
    pub fn phone_label(&self) -> &'static str {
        self.of(["Telefon", "Phone", "الهاتف", "تلفن", "Телефон", "Telefon"])
    }

    /// "E-Mail".
    pub fn email_label(&self) -> &'static str {
        self.of([
            "E-Mail",
            "E-mail",
            "البريد الإلكتروني",
            "ایمیل",
            "Електронна пошта",
            "E-posta",
        ])
    }

    /// Says that a machine sent the message, and that a human being reads the answer.
    pub fn sent_automatically(&self, name: &str) -> String {
        match self.0 {
            Language::De => format!(
                "Diese Nachricht wurde automatisch verschickt. Ihre Antwort darauf liest {name} persönlich."
            ),
            Language::En => {
                format!("This message was sent automatically. Your reply is read by {name} in person.")
            }
            Language::Ar => format!("أُرسلت هذه الرسالة تلقائيًا. إذا أجبت عليها، يقرأ {name} جوابك شخصيًا."),
            Language::Fa => format!("این پیام به‌طور خودکار فرستاده شد. پاسخ شما را {name} خودش می‌خواند."),
            Language::Uk => format!("Цей лист надіслано автоматично. Вашу відповідь читає {name} особисто."),
            Language::Tr => format!("Bu mesaj otomatik olarak gönderildi. Yanıtınızı {name} kendisi okur."),
        }
    }

    /// Stands before the address that ends mails of this kind.
    pub fn unsubscribe(&self) -> &'static str {
        self.of([
            "Solche Erinnerungen nicht mehr bekommen",
            "Stop reminders of this kind",
            "إيقاف هذه التذكيرات",
            "دیگر این یادآوری‌ها را نفرستید",
            "Більше не отримувати таких нагадувань",
            "Bu tür hatırlatmaları artık alma",
        ])
    }
}
