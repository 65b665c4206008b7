//! A changed e-mail address: confirmed at the old and at the new one before it counts (domain.md "Who may
//! do what", rule 2).
//!
//! Until then the person's mails go on to the address that was confirmed, links that were sent before open
//! nothing, and the person's answers wait. Three cases need more than the rule says:
//!
//! - *The old mailbox is gone.* A member of the office's staff who is not the one that entered the change
//!   vouches for it after a telephone call. The old address is told, and can still say "this was not me" for
//!   some days before it takes effect. So nobody redirects links alone, and nobody does it unseen.
//! - *There was no address.* Nothing is confirmed at the old one, and nothing is frozen: no link was out.
//! - *An address is taken away.* That counts at once, since whoever wants no mails gets none. It stays known
//!   as the last confirmed one, so that taking away and adding is no way round.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::clock::date_in_germany;
use crate::errors::{Code, UserError};
use crate::ids::{AddressChangeId, UserId};
use crate::parties::Party;
use crate::values::{Email, words};

words! {
    /// The two ends of a change.
    End {
        /// The address that was confirmed last.
        Old,
        /// The one that is to replace it.
        New,
    }

    /// How a change ended.
    Outcome {
        /// It counts.
        Confirmed,
        /// Somebody at one of the addresses said that it is not right.
        Contested,
        /// Staff took it back.
        Withdrawn,
        /// Another change took its place.
        Replaced,
        /// It was not confirmed in time.
        Expired,
        /// The address was taken away.
        Removed,
    }
}

/// Somebody's word that the person wants the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voucher {
    /// Who; none once that person was erased.
    pub by: Option<UserId>,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// The day of the telephone call.
    pub spoken_on: NaiveDate,
}

/// One change of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressChange {
    /// The id.
    pub id: AddressChangeId,
    /// Whose address.
    pub party: Party,
    /// The last confirmed address; none where there was none.
    pub old: Option<Email>,
    /// The one to be; none where the address was taken away.
    pub new: Option<Email>,
    /// Who entered it; none: an import, or somebody who was erased.
    pub asked_by: Option<UserId>,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// Until when it can be confirmed.
    pub expires_at: DateTime<Utc>,
    /// When it was confirmed at the old address.
    pub old_confirmed_at: Option<DateTime<Utc>>,
    /// When it was confirmed at the new address.
    pub new_confirmed_at: Option<DateTime<Utc>>,
    /// Who vouched, in place of the old address.
    pub voucher: Option<Voucher>,
    /// When and how it ended.
    pub ended: Option<(DateTime<Utc>, Outcome)>,
}

impl AddressChange {
    /// Whether it can still be confirmed: also one that has run out counts as open until it is ended.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether the person's answers wait for it: where links went to an address before.
    pub fn freezes(&self, now: DateTime<Utc>) -> bool {
        self.is_open() && !self.has_run_out(now) && self.old.is_some()
    }

    /// From when on a voucher stands for the old address.
    pub fn vouched_from(&self, waiting_days: u32) -> Option<DateTime<Utc>> {
        self.voucher
            .map(|voucher| voucher.at + Days::new(waiting_days.into()))
    }

    /// The ends at which it is not confirmed yet.
    pub fn missing(&self, now: DateTime<Utc>, waiting_days: u32) -> Vec<End> {
        let vouched = self.vouched_from(waiting_days).is_some_and(|from| now >= from);
        let old = self.old.is_some() && self.old_confirmed_at.is_none() && !vouched;
        let new = self.new_confirmed_at.is_none();
        [(End::Old, old), (End::New, new)]
            .into_iter()
            .filter_map(|(end, missing)| missing.then_some(end))
            .collect()
    }

    /// Whether nothing is missing any more.
    pub fn is_complete(&self, now: DateTime<Utc>, waiting_days: u32) -> bool {
        self.is_open() && self.missing(now, waiting_days).is_empty()
    }

    /// Whether it has run out. One that waits only for the days after a voucher has not.
    pub fn has_run_out(&self, now: DateTime<Utc>) -> bool {
        let waits = self.voucher.is_some() && self.new_confirmed_at.is_some();
        self.is_open() && !waits && now >= self.expires_at
    }

    /// Whether an end can be confirmed now; twice is one effect.
    pub fn can_confirm(&self, end: End, now: DateTime<Utc>) -> bool {
        self.is_open() && !self.has_run_out(now) && (end == End::New || self.old.is_some())
    }

    /// A member of staff vouches for the person after a telephone call on a day.
    ///
    /// # Errors
    /// `FORBIDDEN` to who entered the change; `CONFLICT` where it is over, was vouched for or has no old
    /// address; `INVALID` for a day before the change or in the future.
    pub fn vouch(&self, by: UserId, spoken_on: NaiveDate, now: DateTime<Utc>) -> Result<Voucher, UserError> {
        if !self.is_open() || self.has_run_out(now) {
            return Err(UserError::conflict(
                "this change of an address is over: enter the address once more",
            ));
        }
        if self.old.is_none() || self.old_confirmed_at.is_some() {
            return Err(UserError::conflict(
                "nothing is missing at the old address: only the new one has to be confirmed",
            ));
        }
        if self.voucher.is_some() {
            return Err(UserError::conflict(
                "somebody has vouched for this change already",
            ));
        }
        if self.asked_by == Some(by) {
            return Err(UserError::new(
                Code::Forbidden,
                "id",
                "you entered this change yourself: a colleague has to call the person and vouch for it",
            ));
        }
        let first = date_in_germany(self.asked_at);
        let today = date_in_germany(now);
        if spoken_on < first || spoken_on > today {
            return Err(UserError::invalid(
                "spokenOn",
                format!("{spoken_on} is not from {first}, when the change was entered, to today"),
            ));
        }
        Ok(Voucher {
            by: Some(by),
            at: now,
            spoken_on,
        })
    }
}

/// An address as somebody recognises it who knows it, and nobody else learns it: `m…@example.org`.
pub fn masked(email: &Email) -> String {
    let (local, domain) = email.as_str().rsplit_once('@').unwrap_or((email.as_str(), ""));
    let first = local.chars().next().map(String::from).unwrap_or_default();
    format!("{first}…@{domain}")
}

/// What a wish for an address comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is the stored one, or the one that is being confirmed.
    Nothing,
    /// A change from the last confirmed address, where there was one.
    Ask {
        /// That address.
        old: Option<Email>,
        /// The new one.
        new: Email,
    },
    /// The stored address is taken away at once.
    Remove {
        /// It.
        old: Email,
    },
}

/// What it comes to that staff or a list give an address: `stored` is the person's, `removed` the last one that
/// was taken away, `open` the change under way. Who leaves the stored one as it is takes no change back: whoever
/// edits a telephone number sends along the address that the record shows.
pub fn step(
    stored: Option<&Email>,
    removed: Option<&Email>,
    open: Option<&AddressChange>,
    wanted: Option<&Email>,
) -> Step {
    let pending = open.and_then(|change| change.new.as_ref());
    match (stored, wanted) {
        (stored, wanted) if stored == wanted => Step::Nothing,
        (_, Some(wanted)) if pending == Some(wanted) => Step::Nothing,
        (stored, Some(wanted)) => {
            let old = stored.or(removed).or(open.and_then(|change| change.old.as_ref()));
            Step::Ask {
                // back to the very address that was confirmed last
                old: old.filter(|old| *old != wanted).cloned(),
                new: wanted.clone(),
            }
        }
        (Some(stored), None) => Step::Remove { old: stored.clone() },
        (None, None) => Step::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::ExpertId;

    const WAIT: u32 = 3;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn email(name: &str) -> Email {
        format!("{name}@example.org").parse().unwrap()
    }

    fn user(number: u128) -> UserId {
        Uuid::from_u128(number).into()
    }

    fn change() -> AddressChange {
        AddressChange {
            id: Uuid::from_u128(1).into(),
            party: Party::Expert(ExpertId::from(Uuid::from_u128(2))),
            old: Some(email("old")),
            new: Some(email("new")),
            asked_by: Some(user(1)),
            asked_at: at("2026-11-23T08:00:00Z"),
            expires_at: at("2026-12-07T08:00:00Z"),
            old_confirmed_at: None,
            new_confirmed_at: None,
            voucher: None,
            ended: None,
        }
    }

    #[test]
    fn a_change_counts_when_both_ends_have_confirmed_it() {
        let now = at("2026-11-24T08:00:00Z");
        let mut change = change();
        assert_eq!(change.missing(now, WAIT), [End::Old, End::New]);
        change.new_confirmed_at = Some(now);
        assert_eq!(change.missing(now, WAIT), [End::Old]);
        assert!(!change.is_complete(now, WAIT));
        change.old_confirmed_at = Some(now);
        assert!(change.is_complete(now, WAIT));
        change.ended = Some((now, Outcome::Contested));
        assert!(!change.is_complete(now, WAIT), "what is over does not count");
    }

    #[test]
    fn an_address_is_masked_but_for_its_first_letter_and_its_domain() {
        assert_eq!(masked(&email("maria.weber")), "m…@example.org");
    }

    #[test]
    fn a_first_address_is_confirmed_at_itself_and_freezes_nothing() {
        let now = at("2026-11-24T08:00:00Z");
        let first = AddressChange {
            old: None,
            ..change()
        };
        assert_eq!(first.missing(now, WAIT), [End::New]);
        assert!(!first.freezes(now));
        assert!(!first.can_confirm(End::Old, now));
        assert!(change().freezes(now));
        assert!(!change().freezes(at("2026-12-07T08:00:00Z")), "it has run out");
    }

    #[test]
    fn whoever_entered_a_change_does_not_vouch_for_it() {
        let now = at("2026-11-24T08:00:00Z");
        let today = date_in_germany(now);
        assert_eq!(
            change().vouch(user(1), today, now).unwrap_err().code,
            Code::Forbidden
        );
        assert!(change().vouch(user(2), today, now).is_ok());
        let imported = AddressChange {
            asked_by: None,
            ..change()
        };
        assert!(imported.vouch(user(1), today, now).is_ok());
    }

    #[test]
    fn a_call_lies_between_the_change_and_today() {
        let now = at("2026-11-24T08:00:00Z");
        for day in ["2026-11-22", "2026-11-25"] {
            let refused = change().vouch(user(2), day.parse().unwrap(), now).unwrap_err();
            assert_eq!((refused.code, &*refused.field), (Code::Invalid, "spokenOn"));
        }
    }

    #[test]
    fn a_voucher_stands_for_the_old_address_after_some_days_and_once() {
        let now = at("2026-11-24T08:00:00Z");
        let mut change = change();
        let voucher = change.vouch(user(2), date_in_germany(now), now).unwrap();
        change.voucher = Some(voucher);
        change.new_confirmed_at = Some(now);
        assert!(!change.is_complete(now, WAIT));
        assert!(!change.is_complete(at("2026-11-27T07:59:59Z"), WAIT));
        assert!(change.is_complete(at("2026-11-27T08:00:00Z"), WAIT));
        let again = change.vouch(user(3), date_in_germany(now), now).unwrap_err();
        assert_eq!(again.code, Code::Conflict);
    }

    #[test]
    fn a_change_runs_out_unless_it_only_waits_after_a_voucher() {
        let late = at("2026-12-07T08:00:00Z");
        let mut change = change();
        assert!(!change.has_run_out(at("2026-12-07T07:59:59Z")));
        assert!(change.has_run_out(late));
        assert!(!change.can_confirm(End::New, late));
        assert!(change.vouch(user(2), date_in_germany(late), late).is_err());
        change.voucher = Some(Voucher {
            by: None,
            at: at("2026-12-06T08:00:00Z"),
            spoken_on: date_in_germany(late),
        });
        assert!(change.has_run_out(late), "the new address has not confirmed");
        change.new_confirmed_at = Some(at("2026-12-06T09:00:00Z"));
        assert!(!change.has_run_out(late));
    }

    #[test]
    fn an_address_that_is_stored_or_being_confirmed_is_no_new_change() {
        let (old, new) = (email("old"), email("new"));
        let open = change();
        let come_to = |wanted: Option<Email>| step(Some(&old), None, Some(&open), wanted.as_ref());
        assert_eq!(come_to(Some(email("old"))), Step::Nothing);
        assert_eq!(come_to(Some(new)), Step::Nothing);
        assert_eq!(
            come_to(Some(email("third"))),
            Step::Ask {
                old: Some(email("old")),
                new: email("third")
            }
        );
        assert_eq!(come_to(None), Step::Remove { old: email("old") });
    }

    #[test]
    fn taking_an_address_away_and_adding_another_is_no_way_round() {
        let (removed, new) = (email("old"), email("new"));
        assert_eq!(
            step(None, Some(&removed), None, Some(&new)),
            Step::Ask {
                old: Some(email("old")),
                new: email("new")
            }
        );
        // a change under way of an address that was taken away before
        let open = change();
        assert_eq!(
            step(None, None, Some(&open), Some(&email("third"))),
            Step::Ask {
                old: Some(email("old")),
                new: email("third")
            }
        );
        // the very address comes back: it confirms itself
        assert_eq!(
            step(None, Some(&removed), None, Some(&removed)),
            Step::Ask {
                old: None,
                new: email("old")
            }
        );
        assert_eq!(step(None, None, None, None), Step::Nothing);
    }
}
