//! One-time codes on paper: for mentees and guardians without e-mail.
//!
//! Staff never see a link (rule 2 of domain.md "Who may do what"), and a code is one. So the centre asks
//! for a page and not for a code: the code is made at the moment at which that page is shown, once, is
//! hidden on the screen and printed on the part of the sheet that is folded inwards; only its keyed hash
//! is stored. Software cannot keep somebody who holds the paper from reading it; what it does besides:
//! a code opens nothing in a browser in which staff is signed in, what was said by code is recorded as
//! said by code, and who had the code printed stands in the audit log. A code is typed in once, within
//! `person_code_days`; its pages close after `person_code_minutes`, or with a button.

use chrono::{DateTime, Days, Duration, DurationRound, Utc};
use tandem_domain::errors::UserError;
use tandem_domain::ids::{CaseId, CodeId};
use tandem_domain::parties::{About, GivenWay, Party, Side};
use tandem_domain::policy::Action;
use tandem_mail::Language;
use tandem_storage::persons::codes::{self, Code, NewCode};
use tandem_storage::persons::{self, PersonFacts};
use tandem_storage::{PgConnection, cases};

use super::{Door, Visitor, visitor};
use crate::deliveries::language;
use crate::links::Purpose;
use crate::{App, Audit, Caller, Result, refuse, settings};

/// Without the letters that are mistaken for a digit or for each other.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 50 bits: with so few attempts an hour nobody guesses one.
const LENGTH: usize = 10;
/// Attempts of one network address in one hour.
const ATTEMPTS_AN_HOUR: i32 = 10;
/// For so long the page of a code can be opened after it was asked for.
const PRINT_WITHIN: Duration = Duration::minutes(15);

/// A page that is to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printing {
    /// The address of the page that shows the code, once, and not later than in 15 minutes.
    pub url: url::Url,
    /// Until when the code can be typed in.
    pub expires_at: DateTime<Utc>,
}

/// The centre asks for a page with a one-time code for the mentee of a case, or for the guardian. Codes
/// that were printed for the same person before and not used end.
///
/// # Errors
/// `CONFLICT` where the case is over; `INVALID` where there is no guardian.
pub async fn request(app: &App, caller: &Caller, case: CaseId, side: Side) -> Result<Printing> {
    let mut tx = app.begin(caller).await?;
    let missing = || UserError::not_found("caseId", "case");
    let seen = cases::lock(&mut tx, case).await?.ok_or_else(missing)?;
    let resource = crate::cases::resource(&seen);
    caller.authorize(Action::PrintCode, &resource, "caseId", "case")?;
    let party = match side {
        Side::Mentee => Party::Mentee(seen.mentee),
        Side::Guardian => Party::Guardian(seen.mentee),
        Side::Expert => {
            return refuse(UserError::invalid(
                "side",
                "experts have e-mail: codes are for MENTEE and GUARDIAN",
            ));
        }
    };
    if persons::person(&mut tx, party).await?.is_none() {
        return refuse(UserError::invalid("side", "this mentee has no guardian"));
    }
    let days = settings::current(&mut tx).await?.person_code_days;
    let new = NewCode {
        id: app.id(),
        case,
        party,
        created_by: caller.user_id(),
        expires_at: app.now() + Days::new(days.into()),
    };
    codes::insert(&mut tx, &new, app.now()).await?;
    let trail = Audit::new("person_code.requested", new.id)
        .about(seen.mentee)
        .detail(serde_json::json!({ "case": case, "side": side }));
    app.audit(&mut tx, caller, &[trail]).await?;
    tx.commit().await?;
    let token = app.links.code_token(Purpose::Print, new.id);
    let url = app
        .public_url
        .join(&format!("p/print/{token}"))
        .map_err(|error| crate::Error::Fault(format!("the public address takes no path: {error}")))?;
    Ok(Printing {
        url,
        expires_at: new.expires_at,
    })
}

/// What the page of a code shows before it is made.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// For whom.
    pub facts: PersonFacts,
    /// Until when the code can be typed in.
    pub expires_at: DateTime<Utc>,
    /// The programme's name.
    pub programme: String,
}

impl Sheet {
    /// The language of the sheet.
    pub fn language(&self) -> Language {
        language(&self.facts.language)
    }
}

/// The sheet behind a print link while its code has not been made; looking changes nothing.
pub async fn look(app: &App, token: &str) -> Result<Option<Sheet>> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let found = printable(&mut conn, app, token).await?;
    Ok(found.map(|(_, sheet)| sheet))
}

async fn printable(conn: &mut PgConnection, app: &App, token: &str) -> Result<Option<(Code, Sheet)>> {
    let Some(id) = app.links.verify_code(Purpose::Print, token) else {
        return Ok(None);
    };
    let Some(code) = codes::get(conn, id).await? else {
        return Ok(None);
    };
    let open = code.printed_at.is_none() && code.ended_at.is_none();
    if !open || app.now() >= code.created_at + PRINT_WITHIN {
        return Ok(None);
    }
    let Some(facts) = persons::person(conn, code.party).await? else {
        return Ok(None);
    };
    let sheet = Sheet {
        facts,
        expires_at: code.expires_at,
        programme: settings::current(conn).await?.programme_name,
    };
    Ok(Some((code, sheet)))
}

/// Makes the code of a sheet, once: the only moment at which it is known.
pub async fn print(app: &App, token: &str, address: &str) -> Result<Option<(Sheet, String)>> {
    let mut tx = app.begin(&Caller::system()).await?;
    let Some((code, sheet)) = printable(&mut tx, app, token).await? else {
        return Ok(None);
    };
    let text = make(app);
    if !codes::print(&mut tx, code.id, &app.links.hash_code(&text), app.now()).await? {
        return Ok(None);
    }
    let trail = Audit::new("person_code.printed", code.id)
        .about(mentee(code.party))
        .detail(serde_json::json!({ "case": code.case, "side": code.party.side() }));
    let caller = Caller {
        address: address.to_owned(),
        ..Caller::system()
    };
    app.audit(&mut tx, &caller, &[trail]).await?;
    tx.commit().await?;
    Ok(Some((sheet, text)))
}

fn mentee(party: Party) -> tandem_domain::ids::MenteeId {
    party.uuid().into()
}

fn make(app: &App) -> String {
    let mut bytes = [0; LENGTH];
    app.random.fill(&mut bytes);
    bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
        .collect()
}

/// A code as it is printed: in two groups.
pub fn grouped(code: &str) -> String {
    let (first, second) = code.split_at(code.len() / 2);
    format!("{first}-{second}")
}

/// A code as somebody typed it, as it is compared: without blanks and hyphens, letters that look like
/// digits as those, digits of Arabic and Persian keyboards as European ones.
fn normal(typed: &str) -> String {
    typed
        .chars()
        .filter_map(|c| match c {
            '٠'..='٩' => char::from_digit(u32::from(c) - u32::from('٠'), 10),
            '۰'..='۹' => char::from_digit(u32::from(c) - u32::from('۰'), 10),
            'o' | 'O' => Some('0'),
            'i' | 'I' | 'l' | 'L' => Some('1'),
            c if c.is_ascii_alphanumeric() => Some(c.to_ascii_uppercase()),
            c if c.is_whitespace() || matches!(c, '-' | '–' | '‐') => None,
            c => Some(c),
        })
        .take(LENGTH + 1)
        .collect()
}

/// What became of a code that somebody typed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// It is good and used up: the token of its pages.
    Good(String),
    /// It is misspelt, too old, or was used or replaced before: which of these is not told.
    Bad,
    /// There were too many attempts from this address in this hour.
    TooMany,
}

/// Types a code in, from a network address. Each attempt is counted before it is compared, good or bad,
/// in a transaction of its own, so that none is lost.
pub async fn redeem(app: &App, typed: &str, address: &str) -> Result<Typed> {
    let now = app.now();
    let hour = now
        .duration_trunc(Duration::hours(1))
        .expect("an hour fits into every instant");
    let mut tx = app.begin(&Caller::system()).await?;
    codes::forget_attempts(&mut tx, hour - Duration::days(1)).await?;
    let attempts = codes::count_attempt(&mut tx, address, hour).await?;
    tx.commit().await?;
    if attempts > ATTEMPTS_AN_HOUR {
        return Ok(Typed::TooMany);
    }
    let code = normal(typed);
    if code.len() != LENGTH {
        return Ok(Typed::Bad);
    }
    let mut tx = app.begin(&Caller::system()).await?;
    let Some(code) = codes::take(&mut tx, &app.links.hash_code(&code), now).await? else {
        return Ok(Typed::Bad);
    };
    // another guardian is another person
    let facts = persons::person(&mut tx, code.party).await?;
    let Some(facts) = facts.filter(|facts| !voided(&code, facts)) else {
        return Ok(Typed::Bad);
    };
    let settings = settings::current(&mut tx).await?;
    let by = visitor(facts, About::Case(code.case), GivenWay::Code, address, &settings);
    let trail = Audit::new("person_code.used", code.id)
        .about(mentee(code.party))
        .detail(serde_json::json!({ "case": code.case, "side": code.party.side() }));
    app.audit(&mut tx, &by.caller, &[trail]).await?;
    tx.commit().await?;
    Ok(Typed::Good(app.links.code_token(Purpose::Code, code.id)))
}

/// A changed e-mail address says nothing of a paper; a changed guardian does.
fn voided(code: &Code, facts: &PersonFacts) -> bool {
    code.party.side() == Side::Guardian
        && facts
            .links_void_before
            .is_some_and(|from| code.created_at <= from)
}

/// The pages that a code opened, for as long as they are open.
pub(super) async fn open(app: &App, id: CodeId, address: &str) -> Result<Door> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let Some(code) = codes::get(&mut conn, id).await? else {
        return Ok(Door::Unknown);
    };
    let Some(used_at) = code.used_at else {
        return Ok(Door::Unknown);
    };
    let Some(facts) = persons::person(&mut conn, code.party).await? else {
        return Ok(Door::Unknown);
    };
    let language = language(&facts.language);
    if voided(&code, &facts) {
        return Ok(Door::Voided(language));
    }
    let settings = settings::current(&mut conn).await?;
    let open_for = Duration::minutes(settings.person_code_minutes.into());
    if code.ended_at.is_some() || app.now() >= used_at + open_for {
        return Ok(Door::Expired(language));
    }
    Ok(Door::Open(Box::new(visitor(
        facts,
        About::Case(code.case),
        GivenWay::Code,
        address,
        &settings,
    ))))
}

/// The person is done: nobody opens the pages of the code any more. For visitors by code; others have
/// nothing to close.
pub async fn leave(app: &App, token: &str, visitor: &Visitor) -> Result<()> {
    let Some(id) = app.links.verify_code(Purpose::Code, token) else {
        return Ok(());
    };
    let mut tx = app.begin(&Caller::system()).await?;
    if codes::end(&mut tx, id, app.now()).await? {
        let trail = Audit::new("person_code.closed", id).about(mentee(visitor.facts.party));
        app.audit(&mut tx, &visitor.caller, &[trail]).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(normal(" abcde-12o4l "), "ABCDE12041");
        assert_eq!(normal("٠١٢٣٤ ۵۶۷۸۹"), "0123456789");
        assert_eq!(normal("ABCDE–FGHJK"), "ABCDEFGHJK");
        assert!(
            normal(&"A".repeat(10_000)).len() > LENGTH,
            "too long stays too long"
        );
    }

    #[test]
    fn what_is_printed_reads_back_as_itself() {
        for letter in ALPHABET {
            let code = char::from(*letter).to_string().repeat(LENGTH);
            assert_eq!(normal(&grouped(&code)), code);
        }
    }
}
