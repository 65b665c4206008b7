//! Messages as another program reads them: `mail-parser` parses what we made.

use chrono::{TimeZone, Utc};
use mail_parser::{Message, MessageParser, MimeHeaders};
use tandem_mail::{Envelope, Language, Mail, MailAddress, MessageError, RenderedMail, message, samples};

fn address(name: &str, address: &str) -> MailAddress {
    MailAddress {
        name: (!name.is_empty()).then(|| name.to_owned()),
        address: address.to_owned(),
    }
}

fn envelope() -> Envelope {
    Envelope {
        from: address("Tandem", "post@tandem.example"),
        reply_to: address("Katrin Sommer", "katrin.sommer@tandem.example"),
        to: address("Dr. Maria Weber", "m.weber@mail.example"),
        message_id: "approach.0f3c9a@tandem.example".to_owned(),
        date: Utc.with_ymd_and_hms(2026, 11, 23, 8, 5, 7).unwrap(),
        auto_submitted: true,
        list_unsubscribe: None,
    }
}

fn mail() -> RenderedMail {
    samples::approach().render(Language::De)
}

fn bytes(mail: &RenderedMail, envelope: &Envelope) -> Vec<u8> {
    message(mail, envelope).expect("a message").formatted()
}

fn parse(bytes: &[u8]) -> Message<'_> {
    MessageParser::default().parse(bytes).expect("a parsable message")
}

/// The lines of the header section, unfolded.
fn header_lines(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).expect("ASCII");
    let head = text.split_once("\r\n\r\n").expect("a header section").0;
    head.replace("\r\n ", " ")
        .split("\r\n")
        .map(str::to_owned)
        .collect()
}

fn header(bytes: &[u8], name: &str) -> Vec<String> {
    let prefix = format!("{name}: ");
    header_lines(bytes)
        .iter()
        .filter_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
        .collect()
}

#[test]
fn both_parts_arrive_as_they_were_rendered() {
    let (mail, envelope) = (mail(), envelope());
    let bytes = bytes(&mail, &envelope);
    assert!(bytes.is_ascii(), "everything is encoded");
    assert!(
        bytes.split(|&byte| byte == b'\n').all(|line| line.len() <= 78),
        "no line is too long"
    );
    let parsed = parse(&bytes);
    assert_eq!(parsed.subject(), Some(mail.subject.as_str()));
    assert_eq!(
        parsed.body_text(0).unwrap().replace("\r\n", "\n").trim_end(),
        mail.text.trim_end()
    );
    assert_eq!(
        parsed.body_html(0).unwrap().replace("\r\n", "\n").trim_end(),
        mail.html.trim_end()
    );
    let content_type = parsed.content_type().unwrap();
    assert_eq!(
        (content_type.ctype(), content_type.subtype()),
        ("multipart", Some("alternative"))
    );
    for part in &parsed.parts[1..] {
        assert_eq!(part.content_transfer_encoding(), Some("quoted-printable"));
        assert_eq!(part.content_type().unwrap().attribute("charset"), Some("utf-8"));
    }
    assert_eq!(
        parsed.parts[1].content_type().unwrap().subtype(),
        Some("plain"),
        "the last part is preferred"
    );
    assert_eq!(parsed.parts[2].content_type().unwrap().subtype(), Some("html"));
}

#[test]
fn message_id_date_and_language_are_the_given_ones() {
    let bytes = bytes(&mail(), &envelope());
    assert_eq!(header(&bytes, "Message-ID"), ["<approach.0f3c9a@tandem.example>"]);
    assert_eq!(header(&bytes, "Date"), ["Mon, 23 Nov 2026 08:05:07 +0000"]);
    assert_eq!(header(&bytes, "Content-Language"), ["de"]);
    assert_eq!(header(&bytes, "MIME-Version"), ["1.0"]);
}

#[test]
fn a_resend_is_the_same_message_byte_for_byte() {
    assert_eq!(bytes(&mail(), &envelope()), bytes(&mail(), &envelope()));
}

#[test]
fn answers_go_to_the_human_being_and_bounces_to_the_programme() {
    let message = message(&mail(), &envelope()).unwrap();
    assert_eq!(
        message.envelope().from().unwrap().to_string(),
        "post@tandem.example"
    );
    assert_eq!(message.envelope().to()[0].to_string(), "m.weber@mail.example");
    let bytes = message.formatted();
    assert_eq!(
        parse(&bytes).reply_to().unwrap().first().unwrap().address(),
        Some("katrin.sommer@tandem.example")
    );
}

#[test]
fn an_automatic_mail_says_so() {
    let mut envelope = envelope();
    assert_eq!(
        header(&bytes(&mail(), &envelope), "Auto-Submitted"),
        ["auto-generated"]
    );
    envelope.auto_submitted = false;
    assert!(header(&bytes(&mail(), &envelope), "Auto-Submitted").is_empty());
}

#[test]
fn unsubscribing_takes_one_click_where_it_is_offered() {
    let mut envelope = envelope();
    assert!(header(&bytes(&mail(), &envelope), "List-Unsubscribe").is_empty());
    envelope.list_unsubscribe = Some("https://tandem.example/abmelden/x?a=ä b".parse().unwrap());
    let bytes = bytes(&mail(), &envelope);
    assert_eq!(
        header(&bytes, "List-Unsubscribe"),
        ["<https://tandem.example/abmelden/x?a=%C3%A4%20b>"]
    );
    assert_eq!(
        header(&bytes, "List-Unsubscribe-Post"),
        ["List-Unsubscribe=One-Click"]
    );
    envelope.list_unsubscribe = Some("mailto:post@tandem.example".parse().unwrap());
    assert_eq!(
        message(&mail(), &envelope).unwrap_err(),
        MessageError::ListUnsubscribe
    );
}

#[test]
fn names_and_subjects_in_any_script_arrive_whole() {
    let long = "Ein sehr langer Betreff mit Umlauten äöüß, der über mehrere Zeilen reicht, ".repeat(4);
    for name in [
        "Jürgen Groß",
        "محمد عبد الرحمن الأحمدي",
        "فاطمه رضایی",
        "Олена Шевченко",
        "Nguyễn Thị Minh Khai",
        "Weber, Maria (Büro) \"Mia\" \\ <x@y>",
        "😀 Ümit",
        "Ein Name mit sehr vielen Wörtern, der ganz gewiss nicht in eine einzige Zeile des Kopfes passt",
    ] {
        let mut envelope = envelope();
        envelope.to.name = Some(name.to_owned());
        envelope.reply_to.name = Some(name.to_owned());
        let mut mail = mail();
        for subject in [name, long.trim()] {
            mail.subject = subject.to_owned();
            let bytes = bytes(&mail, &envelope);
            assert!(bytes.is_ascii());
            assert!(
                bytes.split(|&byte| byte == b'\n').all(|line| line.len() <= 120),
                "{name}"
            );
            let parsed = parse(&bytes);
            assert_eq!(parsed.to().unwrap().first().unwrap().name(), Some(name));
            assert_eq!(
                parsed.to().unwrap().first().unwrap().address(),
                Some("m.weber@mail.example")
            );
            assert_eq!(parsed.reply_to().unwrap().first().unwrap().name(), Some(name));
            assert_eq!(parsed.subject(), Some(subject));
        }
    }
}

#[test]
fn no_name_or_subject_can_add_a_header() {
    let expected = header_lines(&bytes(&mail(), &envelope())).len();
    for attack in [
        "Weber\r\nBcc: victim@mail.example",
        "Weber\nBcc: victim@mail.example",
        "Weber\rBcc: victim@mail.example",
        "Wéber\r\n\r\n<script>",
        "Weber\u{2028}Bcc: victim@mail.example\u{0}\u{b}",
        "\r\n.\r\nQUIT\r\n",
    ] {
        let mut envelope = envelope();
        envelope.from.name = Some(attack.to_owned());
        envelope.reply_to.name = Some(attack.to_owned());
        envelope.to.name = Some(attack.to_owned());
        let mut mail = mail();
        mail.subject = attack.to_owned();
        let message = message(&mail, &envelope).unwrap();
        assert_eq!(message.envelope().to().len(), 1);
        let bytes = message.formatted();
        let lines = header_lines(&bytes);
        assert_eq!(lines.len(), expected, "{attack:?}: {lines:#?}");
        assert!(
            !lines.iter().any(|line| line.starts_with("Bcc")),
            "{attack:?}: {lines:#?}"
        );
        let parsed = parse(&bytes);
        assert!(parsed.bcc().is_none());
        assert_eq!(parsed.parts.len(), 3, "{attack:?}");
    }
}

#[test]
fn no_address_can_add_a_header_or_a_recipient() {
    for attack in [
        "m.weber@mail.example\r\nBcc: victim@mail.example",
        "m.weber@mail.example, victim@mail.example",
        "m.weber@mail.example>\r\nRCPT TO:<victim@mail.example",
        "Weber <m.weber@mail.example>",
        "m.weber",
        "",
    ] {
        for (field, change) in [
            ("from", (|e, a| e.from.address = a) as fn(&mut Envelope, String)),
            ("reply_to", |e, a| e.reply_to.address = a),
            ("to", |e, a| e.to.address = a),
        ] {
            let mut envelope = envelope();
            change(&mut envelope, attack.to_owned());
            let error = message(&mail(), &envelope).unwrap_err();
            assert_eq!(error, MessageError::Address { field }, "{attack:?}");
            assert!(error.to_string().starts_with(field));
        }
    }
}

#[test]
fn a_message_id_that_is_none_is_refused() {
    let mut envelope = envelope();
    envelope.message_id = "<a.b-c_1@tandem.example>".to_owned();
    assert_eq!(
        header(&bytes(&mail(), &envelope), "Message-ID"),
        ["<a.b-c_1@tandem.example>"]
    );
    let long = format!("{}@tandem.example", "a".repeat(300));
    for id in [
        "",
        "a",
        "a@",
        "@b",
        "a b@c",
        "a@b\r\nX: y",
        "ä@b",
        "a@b@c",
        "<a@b",
        &long,
    ] {
        envelope.message_id = id.to_owned();
        assert_eq!(
            message(&mail(), &envelope).unwrap_err(),
            MessageError::MessageId,
            "{id:?}"
        );
    }
}

#[test]
fn a_date_that_no_header_can_carry_is_refused() {
    let mut envelope = envelope();
    for year in [1969, 10_000] {
        envelope.date = Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap();
        assert_eq!(message(&mail(), &envelope).unwrap_err(), MessageError::Date);
    }
}

#[test]
fn marks_that_reorder_text_are_removed_from_names() {
    let mut envelope = envelope();
    envelope.to.name = Some("Weber \u{202e}gnirpS\u{202c}".to_owned());
    let bytes = bytes(&mail(), &envelope);
    assert_eq!(
        parse(&bytes).to().unwrap().first().unwrap().name(),
        Some("Weber gnirpS")
    );
}
