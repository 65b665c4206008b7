//! From data and a language to subject, text and HTML.

use askama::Template;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

use crate::language::Language;

/// The width to which text parts are wrapped: what every mail program shows without a second break.
const TEXT_WIDTH: usize = 72;

/// A mail in one language, ready to be put into an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedMail {
    /// The language that the mail is written in; German where the wished one is not available.
    pub language: Language,
    /// The subject, one line.
    pub subject: String,
    /// The plain text, wrapped, complete without the HTML.
    pub text: String,
    /// The HTML, complete without images, scripts and outside resources.
    pub html: String,
}

/// A mail of the programme: typed data and its templates.
pub trait Mail {
    /// The name of the trigger, which is also its folder of templates.
    fn trigger(&self) -> &'static str;

    /// The languages that its templates exist in; German always stands first.
    fn languages(&self) -> &'static [Language];

    /// Renders subject, text and HTML in `wished`, or in German where the mail has no such template.
    fn render(&self, wished: Language) -> RenderedMail;
}

/// Puts the three parts together; the HTML part is made with the finished subject, which is its title.
pub(crate) fn assemble<H: Template>(
    language: Language,
    subject: &impl Template,
    text: &impl Template,
    html: impl FnOnce(String) -> H,
) -> RenderedMail {
    let subject = one_line(&finish(subject));
    let html = tidy(&finish(&html(subject.clone())));
    RenderedMail {
        language,
        text: wrap(&finish(text)),
        html,
        subject,
    }
}

pub(crate) fn finish(template: &impl Template) -> String {
    template
        .render()
        .expect("templates write into a String and call nothing that can fail")
}

pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Wraps every line and keeps the indent of list items. Empty lines come one at a time and never between
/// two items of a list: the templates are free to put their conditions on lines of their own.
pub(crate) fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + text.len() / 20);
    let mut gap = false;
    let mut item_before = false;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            gap = !wrapped.is_empty();
            continue;
        }
        // A link below an item belongs to it.
        let link = line.trim_start().starts_with("http");
        let item = line.starts_with("- ") || (item_before && link);
        if gap && !(item && item_before) {
            wrapped.push('\n');
        }
        (gap, item_before) = (false, item);
        // A link must stay whole: no break at its hyphens, and none in a word that is too long.
        let options = Options::new(TEXT_WIDTH)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
            .wrap_algorithm(WrapAlgorithm::FirstFit)
            .subsequent_indent(if item { "  " } else { "" });
        let line = if link { line.trim_start() } else { line };
        for part in textwrap::wrap(line, options) {
            wrapped.push_str(part.trim_end());
            wrapped.push('\n');
        }
    }
    wrapped
}

/// Drops the empty lines that conditions leave behind.
pub(crate) fn tidy(html: &str) -> String {
    let mut tidy = String::with_capacity(html.len());
    for line in html.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        tidy.push_str(line);
        tidy.push('\n');
    }
    tidy
}

/// Connects a mail's data with its templates. German comes first and is the fallback, so that a mail
/// without a German template does not compile.
macro_rules! templates {
    (
        $mail:ident, $trigger:literal,
        De: $subject:literal, $text:literal, $html:literal
        $(; $language:ident: $other_subject:literal, $other_text:literal, $other_html:literal)* $(;)?
    ) => {
        impl $crate::render::Mail for $mail {
            fn trigger(&self) -> &'static str {
                $trigger
            }

            fn languages(&self) -> &'static [$crate::language::Language] {
                use $crate::language::Language;
                const LANGUAGES: &[Language] = &[Language::De $(, Language::$language)*];
                LANGUAGES
            }

            fn render(&self, wished: $crate::language::Language) -> $crate::render::RenderedMail {
                use $crate::language::Language;
                match wished {
                    $(Language::$language => templates!(
                        @one self, $mail, Language::$language, $other_subject, $other_text, $other_html
                    ),)*
                    _ => templates!(@one self, $mail, Language::De, $subject, $text, $html),
                }
            }
        }
    };
    (@one $self:ident, $mail:ident, $language:expr, $subject:literal, $text:literal, $html:literal) => {{
        #[derive(askama::Template)]
        #[template(path = $subject)]
        #[allow(dead_code, reason = "a subject may do without data")]
        struct Subject<'a> {
            mail: &'a $mail,
            words: $crate::words::Words,
        }
        #[derive(askama::Template)]
        #[template(path = $text)]
        struct Text<'a> {
            mail: &'a $mail,
            words: $crate::words::Words,
        }
        #[derive(askama::Template)]
        #[template(path = $html)]
        struct Html<'a> {
            mail: &'a $mail,
            words: $crate::words::Words,
            subject: String,
        }
        let (mail, words) = ($self, $crate::words::Words($language));
        $crate::render::assemble(
            $language,
            &Subject { mail, words },
            &Text { mail, words },
            |subject| Html { mail, words, subject },
        )
    }};
}
pub(crate) use templates;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_wrapped_and_a_list_item_keeps_its_indent() {
        let item = format!("- {}", "Wort ".repeat(20));
        let wrapped = wrap(&item);
        assert!(
            wrapped.lines().all(|line| line.chars().count() <= TEXT_WIDTH),
            "{wrapped}"
        );
        assert!(wrapped.lines().nth(1).unwrap().starts_with("  Wort"), "{wrapped}");
    }

    #[test]
    fn a_link_stays_whole() {
        let link = format!(
            "https://tandem.example/answers/{}?answer=yes",
            "ab-cd_".repeat(20)
        );
        assert_eq!(wrap(&link), format!("{link}\n"));
    }

    #[test]
    fn empty_lines_come_one_at_a_time() {
        assert_eq!(wrap("\n\na\n\n \n\nb\n\n"), "a\n\nb\n");
    }

    #[test]
    fn items_of_a_list_stand_together() {
        assert_eq!(wrap("Liste\n\n- a\n\n- b\n\nEnde"), "Liste\n\n- a\n- b\n\nEnde\n");
    }

    #[test]
    fn a_subject_has_one_line() {
        assert_eq!(one_line(" Danke,\r\n  sehr\n"), "Danke, sehr");
    }
}
