//! Letters: one Markdown file a language makes subject, text and HTML, so that the two parts cannot
//! differ and a translator reads one text.
//!
//! The forms that a letter may use, and nothing else:
//!
//! - `# Title`: once, first; the subject and the HTML's heading.
//! - `## Heading`, paragraphs, lists (`- …`, `1. …`), `**strong**`.
//! - A quoted list (`> - **Ort:** …`): a box of facts.
//! - A paragraph of links alone: buttons, the first one the important one.
//! - Any other link: inline; in the text its address follows on a line of its own.
//!
//! Data are escaped for Markdown by the templates themselves ([`Literal`]), so that no name becomes a
//! link or a heading.

use std::fmt;

use askama::{
    Template,
    filters::{Escaper, Html},
};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::{
    people::Letterhead,
    render::{RenderedMail, finish, one_line, tidy, wrap},
    words::Words,
};

/// Escapes data in Markdown: every mark of punctuation stays what it is, and a line break is a blank.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Literal;

impl Escaper for Literal {
    fn write_escaped_str<W: fmt::Write>(&self, mut to: W, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_escaped_char(&mut to, c))
    }

    fn write_escaped_char<W: fmt::Write>(&self, mut to: W, c: char) -> fmt::Result {
        if c.is_ascii_punctuation() {
            to.write_char('\\')?;
        }
        to.write_char(if c.is_control() { ' ' } else { c })
    }
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text { text: String, strong: bool },
    Link { label: String, url: String },
}

/// A line of running text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Line(Vec<Piece>);

impl Line {
    fn push(&mut self, text: &str, strong: bool) {
        match self.0.last_mut() {
            Some(Piece::Text {
                text: last,
                strong: same,
            }) if *same == strong => last.push_str(text),
            _ => self.0.push(Piece::Text {
                text: text.to_owned(),
                strong,
            }),
        }
    }

    /// The words alone.
    fn words(&self) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text { text, .. } => text.as_str(),
                Piece::Link { label, .. } => label.as_str(),
            })
            .collect()
    }

    /// The addresses that a reader of the text needs; telephone and mail addresses are their own label.
    fn addresses(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Link { url, .. } if url.starts_with("http") => Some(url.as_str()),
            _ => None,
        })
    }

    /// HTML with its data escaped.
    fn html(&self) -> String {
        let mut html = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text { text, strong: true } => {
                    html.push_str("<strong>");
                    escape(&mut html, text);
                    html.push_str("</strong>");
                }
                Piece::Text { text, .. } => escape(&mut html, text),
                Piece::Link { label, url } => {
                    html.push_str("<a class=\"link\" href=\"");
                    escape(&mut html, url);
                    let wrapping = if url.starts_with("http") {
                        ""
                    } else {
                        "white-space:nowrap;"
                    };
                    html.push_str("\" style=\"color:#0b4f8a;");
                    html.push_str(wrapping);
                    html.push_str("\">");
                    escape(&mut html, label);
                    html.push_str("</a>");
                }
            }
        }
        html
    }

    fn is_links_alone(&self) -> bool {
        let link = |piece: &Piece| match piece {
            Piece::Text { text, .. } => text.trim().is_empty(),
            Piece::Link { url, .. } => url.starts_with("http"),
        };
        self.0.iter().all(link) && self.addresses().next().is_some()
    }
}

fn escape(html: &mut String, text: &str) {
    Html.write_escaped_str(html, text)
        .expect("a String takes everything");
}

/// A block of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    Title(Line),
    Heading(Line),
    Paragraph(Line),
    List { ordered: bool, items: Vec<Line> },
    Facts(Vec<Line>),
    Buttons(Vec<(String, String)>),
}

/// Reads Markdown into the forms that a letter may use.
///
/// # Panics
/// Where a template uses another form; a test renders every template.
fn read(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut line = Line::default();
    let mut items: Vec<Line> = Vec::new();
    let mut strong = false;
    let mut link: Option<(String, String)> = None;
    let mut ordered = false;
    let (mut in_list, mut in_box) = (false, false);
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Strong) => strong = true,
            Event::End(TagEnd::Strong) => strong = false,
            Event::Start(Tag::Link { dest_url, .. }) => link = Some((String::new(), dest_url.into_string())),
            Event::End(TagEnd::Link) => {
                let (label, url) = link.take().expect("a link begins before it ends");
                line.0.push(Piece::Link { label, url });
            }
            Event::Text(text) => match &mut link {
                Some((label, _)) => label.push_str(&text),
                None => line.push(&text, strong),
            },
            Event::SoftBreak | Event::HardBreak => match &mut link {
                Some((label, _)) => label.push(' '),
                None => line.push(" ", strong),
            },
            Event::Start(Tag::List(first)) => {
                ordered = first.is_some();
                in_list = true;
            }
            Event::End(TagEnd::List(_)) => {
                in_list = false;
                let items = std::mem::take(&mut items);
                match blocks.last_mut() {
                    // a condition between two facts leaves an empty line, which ends a quotation
                    Some(Block::Facts(facts)) if in_box => facts.extend(items),
                    _ if in_box => blocks.push(Block::Facts(items)),
                    _ => blocks.push(Block::List { ordered, items }),
                }
            }
            Event::End(TagEnd::Item) => items.push(std::mem::take(&mut line)),
            Event::Start(Tag::BlockQuote(_)) => in_box = true,
            Event::End(TagEnd::BlockQuote(_)) => in_box = false,
            Event::End(TagEnd::Heading(level)) => {
                let line = std::mem::take(&mut line);
                blocks.push(match level {
                    HeadingLevel::H1 => Block::Title(line),
                    _ => Block::Heading(line),
                });
            }
            Event::End(TagEnd::Paragraph) if in_list => {}
            Event::End(TagEnd::Paragraph) => {
                let line = std::mem::take(&mut line);
                blocks.push(if in_box {
                    Block::Facts(vec![line])
                } else if line.is_links_alone() {
                    Block::Buttons(
                        line.0
                            .into_iter()
                            .filter_map(|piece| match piece {
                                Piece::Link { label, url } => Some((label, url)),
                                Piece::Text { .. } => None,
                            })
                            .collect(),
                    )
                } else {
                    Block::Paragraph(line)
                });
            }
            Event::Start(Tag::Item | Tag::Paragraph | Tag::Heading { .. }) => {}
            other => panic!("a letter has no {other:?}"),
        }
    }
    blocks
}

/// What the frame around a letter shows.
struct Content<'a> {
    letterhead: &'a Letterhead,
    blocks: Vec<Block>,
    preview: String,
}

#[derive(Template)]
#[template(path = "layout/letter.txt")]
struct Text<'a> {
    mail: &'a Content<'a>,
    words: Words,
}

#[derive(Template)]
#[template(path = "layout/letter.html")]
struct Page<'a> {
    mail: &'a Content<'a>,
    words: Words,
    subject: &'a str,
}

/// Makes the parts of a mail from a letter.
pub(crate) fn assemble(letterhead: &Letterhead, words: Words, letter: &impl Template) -> RenderedMail {
    let blocks = read(&finish(letter));
    let subject = match blocks.first() {
        Some(Block::Title(line)) => one_line(&line.words()),
        _ => panic!("a letter begins with its title"),
    };
    // The greeting comes first; what follows it says what the letter is about.
    let preview = blocks
        .iter()
        .filter_map(|block| match block {
            Block::Paragraph(line) => Some(one_line(&line.words())),
            _ => None,
        })
        .nth(1)
        .unwrap_or_default();
    let content = Content {
        letterhead,
        blocks,
        preview,
    };
    let page = Page {
        mail: &content,
        words,
        subject: &subject,
    };
    RenderedMail {
        language: words.language(),
        text: wrap(&finish(&Text {
            mail: &content,
            words,
        })),
        html: tidy(&finish(&page)),
        subject,
    }
}

/// Connects a mail's data with its letters. German comes first and is the fallback, so that a mail
/// without a German letter, or with a declared language that is missing, does not compile.
macro_rules! letters {
    ($mail:ident, $trigger:literal, De: $german:literal $(; $language:ident: $other:literal)* $(;)?) => {
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
                    $(Language::$language => letters!(@one self, $mail, Language::$language, $other),)*
                    _ => letters!(@one self, $mail, Language::De, $german),
                }
            }
        }
    };
    (@one $self:ident, $mail:ident, $language:expr, $path:literal) => {{
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct Body<'a> {
            mail: &'a $mail,
            words: $crate::words::Words,
        }
        let (mail, words) = ($self, $crate::words::Words($language));
        $crate::letter::assemble(&mail.letterhead, words, &Body { mail, words })
    }};
}
pub(crate) use letters;

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        Literal.write_escaped_str(&mut out, text).unwrap();
        out
    }

    #[test]
    fn data_stay_data() {
        let name = "# 1. [Klick](https://x.example) **Weber** <b> & \\ `a`\n- b";
        let blocks = read(&format!("# Titel\n\n{}\n", escaped(name)));
        let Block::Paragraph(line) = &blocks[1] else {
            panic!("{blocks:?}")
        };
        assert_eq!(line.words(), name.replace('\n', " "));
        assert!(line.html().contains("&#60;b&#62; &#38;"), "{}", line.html());
        assert_eq!(line.addresses().count(), 0);
    }

    #[test]
    fn an_address_from_data_is_a_whole_link() {
        let url = "https://tandem.example/p/a_b(c)?x=1&y=*2*#top";
        let blocks = read(&format!(
            "# T\n\n[Ja]({}) [Nein]({})\n",
            escaped(url),
            escaped(url)
        ));
        assert_eq!(
            blocks[1],
            Block::Buttons(vec![("Ja".into(), url.into()), ("Nein".into(), url.into())])
        );
    }

    #[test]
    fn a_quoted_list_is_a_box_of_facts() {
        let blocks = read("# T\n\n> - **Ort:** Köln\n> - **Tag:** heute\n\n1. eins\n2. zwei\n");
        let facts = |text: &str| {
            blocks.iter().any(
                |block| matches!(block, Block::Facts(lines) if lines.iter().any(|line| line.words() == text)),
            )
        };
        assert!(facts("Ort: Köln") && facts("Tag: heute"), "{blocks:?}");
        assert!(
            matches!(&blocks[2], Block::List { ordered: true, items } if items.len() == 2),
            "{blocks:?}"
        );
    }
}
