//! The mails of reminders: the subject is asked again, then told to the one who gets it.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use tandem_domain::checks::CheckKind;
use tandem_domain::ids::{OfficeId, UserId};
use tandem_domain::reminders::Reminder;
use tandem_mail::mails::{
    AgreementEndingCenterMail, AgreementEndingMail, AgreementEndingMenteeMail, ApproachReminderMail,
    CaseSearchingCenterMail, CaseSearchingMail, CheckExpiryMail, CheckExpiryOfficeMail, CheckInMail,
    CheckInMenteeMail, CheckWanted, ChemistryExpertMail, ChemistryMenteeMail, DigestLine, DigestPart,
    ErasureDueMail, FinalReportMail, HalfYearFeedbackMail, HalfYearFeedbackMenteeMail, InterviewFollowUpMail,
    MeetingUndatedCenterMail, MeetingUndatedMail, NoMeetingCenterMail, NoMeetingMail,
    OutcomeConfirmationMail, ReadinessMissingMail, TrainingReminderMail, Turns18Mail, WeeklyDigestMail,
};
use tandem_mail::{Addressee, Language, Letterhead, Mail, MailAddress};
use tandem_storage::PgConnection;
use tandem_storage::deliveries::{ContactFacts, ExpertFacts, RecipientKind};
use tandem_storage::reminders::{self as storage, AttendanceFacts, CaseFacts, CheckFacts, Digest, MatchLife};
use url::Url;

use super::approach::{answer_by, answer_url};
use super::checks::renewal_letter;
use super::{
    Letter, START, Verdict, Writing, addressee, case_reference, contact, helper, language, one_name,
    page_url, person_url, seat_url, suppress,
};
use crate::deliveries::Recipient;
use crate::reminders::{Erasure, Subject, check_wanted, wanted};
use crate::{Error, Result};

/// A mail that is ready but for its address.
struct Written {
    to: MailAddress,
    contact: ContactFacts,
    language: Language,
    mail: Box<dyn Mail + Send>,
}

/// Asks the subject whether the reminder is still wanted by its recipient, and writes.
pub(super) async fn compose(
    conn: &mut PgConnection,
    writing: &Writing<'_>,
    reminder: Reminder,
) -> Result<Verdict<Letter>> {
    let Writing {
        app,
        settings,
        delivery,
        ..
    } = *writing;
    let recipient = Recipient::of(delivery.recipient_kind, delivery.recipient_id);
    let round = (delivery.step, delivery.occasion);
    let subject = match wanted(
        conn,
        app,
        settings,
        reminder,
        delivery.subject_id,
        recipient,
        round,
    )
    .await?
    {
        Ok(subject) => subject,
        Err(reason) => return Ok(Verdict::Suppress(reason)),
    };
    // offices are helped by who looks after the software
    let office_helper = match delivery.recipient_kind {
        RecipientKind::Office | RecipientKind::User => helper(conn, settings).await?,
        _ => None,
    };
    let scribe = Scribe {
        writing,
        reminder,
        office_helper,
    };
    let mut attachment = None;
    if let Subject::Check(check) = &subject
        && reminder == Reminder::CheckExpiry
    {
        attachment = renewal_letter(conn, check.id.into()).await?;
        if attachment.is_none() {
            return Ok(Verdict::Wait(
                "the letter for the authority is being made".to_owned(),
            ));
        }
    }
    let written = match subject {
        Subject::Match(life, lacks) => match delivery.recipient_kind {
            RecipientKind::Expert => scribe.to_expert(&life, check_wanted(&lacks), lacks.len())?,
            RecipientKind::Center => scribe.to_center(&life)?,
            _ => scribe.to_mentee(&life)?,
        },
        Subject::Interview(interview, life) => Some(scribe.expert(&life, |letterhead, expert, url| {
            Box::new(InterviewFollowUpMail {
                letterhead,
                expert,
                on: interview.on,
                url,
            })
        })?),
        Subject::Check(check) => Some(scribe.check(&check)?),
        Subject::Attendance(seat) => Some(scribe.seat(&seat)?),
        Subject::Case(case) => Some(scribe.case(&case)?),
        Subject::Office(id, office, digest) => Some(scribe.digest(id, office, digest)?),
        Subject::Erasure(coming, on) => {
            match storage::administrator(conn, UserId::from(delivery.recipient_id)).await? {
                Some(admin) => Some(scribe.erasure(coming, on, admin)?),
                None => return Ok(suppress("the user is no administrator any more")),
            }
        }
    };
    Ok(match written {
        Some(written) => {
            let letter = Verdict::send(
                written.to,
                &written.contact,
                written.mail.render(written.language),
            );
            match attachment {
                Some(file) => letter.attach(file),
                None => letter,
            }
        }
        None => suppress("there is no mail of this kind for this recipient"),
    })
}

struct Scribe<'a> {
    writing: &'a Writing<'a>,
    reminder: Reminder,
    office_helper: Option<ContactFacts>,
}

fn to_expert(expert: &ExpertFacts) -> MailAddress {
    MailAddress {
        name: Some(addressee(expert).full_name()),
        address: expert.email.clone(),
    }
}

fn mailbox(contact: &ContactFacts) -> MailAddress {
    MailAddress {
        name: Some(contact.office_name.clone()),
        address: contact.email.clone(),
    }
}

fn day(at: Option<DateTime<Utc>>) -> DateTime<Utc> {
    at.unwrap_or(DateTime::UNIX_EPOCH)
}

impl Scribe<'_> {
    fn page(&self) -> Result<Url> {
        person_url(self.writing.app, self.writing.delivery.id)
    }

    fn staff_page(&self, kind: &str, id: uuid::Uuid) -> Result<Url> {
        page_url(self.writing.app, &format!("open/{kind}/{id}"))
    }

    /// A mail to the expert of a match.
    fn expert(
        &self,
        life: &MatchLife,
        mail: impl FnOnce(Letterhead, Addressee, Url) -> Box<dyn Mail + Send>,
    ) -> Result<Written> {
        let letterhead = self.writing.letterhead(&life.expert_contact)?;
        Ok(Written {
            to: to_expert(&life.expert),
            contact: life.expert_contact.clone(),
            language: language(&life.expert.language),
            mail: mail(letterhead, addressee(&life.expert), self.page()?),
        })
    }

    /// A mail to the centre of a match.
    fn center(
        &self,
        life: &MatchLife,
        mail: impl FnOnce(Letterhead, Addressee, Url) -> Box<dyn Mail + Send>,
    ) -> Result<Written> {
        let letterhead = self.writing.letterhead(&life.office_contact)?;
        Ok(Written {
            to: mailbox(&life.center_contact),
            contact: life.office_contact.clone(),
            language: self.writing.staff_language,
            mail: mail(
                letterhead,
                one_name(&life.center_contact.name),
                self.staff_page("Match", life.id.uuid())?,
            ),
        })
    }

    fn to_expert(
        &self,
        life: &MatchLife,
        check: Option<CheckKind>,
        lacking: usize,
    ) -> Result<Option<Written>> {
        let Writing {
            app,
            settings,
            delivery,
            ..
        } = *self.writing;
        let reference_day = |at: Option<NaiveDate>| at.unwrap_or_default();
        let written = match self.reminder {
            Reminder::Approach => {
                let sent = day(life.approach_sent_at);
                let yes_url = answer_url(app, delivery.id, "yes")?;
                let no_url = answer_url(app, delivery.id, "no")?;
                self.expert(life, |letterhead, expert, _| {
                    Box::new(ApproachReminderMail {
                        letterhead,
                        expert,
                        center_place: life.center_place.clone(),
                        approached_at: sent,
                        yes_url,
                        no_url,
                        answer_by: answer_by(settings, sent),
                    })
                })?
            }
            Reminder::ReadinessMissing => self.expert(life, |letterhead, expert, url| {
                Box::new(ReadinessMissingMail {
                    letterhead,
                    expert,
                    check: check.map(|kind| match kind {
                        CheckKind::Simple => CheckWanted::Simple,
                        CheckKind::Extended => CheckWanted::Extended,
                    }),
                    training: lacking > usize::from(check.is_some()),
                    again: delivery.step > 0,
                    url,
                })
            })?,
            Reminder::MeetingUndated => self.expert(life, |letterhead, expert, url| {
                Box::new(MeetingUndatedMail {
                    letterhead,
                    expert,
                    center: contact(&life.center_contact),
                    introduced_at: day(life.introduced_at),
                    url,
                })
            })?,
            Reminder::ChemistrySilent => {
                let met_on = reference_day(life.first_meeting_on);
                self.expert(life, |letterhead, expert, url| {
                    Box::new(ChemistryExpertMail {
                        letterhead,
                        expert,
                        met_on,
                        answer_by: met_on + Days::new(settings.chemistry_close_days.into()),
                        url,
                    })
                })?
            }
            Reminder::NoMeeting => self.expert(life, |letterhead, expert, url| {
                Box::new(NoMeetingMail {
                    letterhead,
                    expert,
                    last_on: reference_day(life.last_contact),
                    url,
                })
            })?,
            Reminder::CheckIn => self.expert(life, |letterhead, expert, url| {
                Box::new(CheckInMail {
                    letterhead,
                    expert,
                    since: reference_day(life.active_from),
                    url,
                })
            })?,
            Reminder::HalfYearFeedback => self.expert(life, |letterhead, expert, url| {
                Box::new(HalfYearFeedbackMail {
                    letterhead,
                    expert,
                    since: reference_day(life.active_from),
                    url,
                })
            })?,
            Reminder::AgreementEnding => self.expert(life, |letterhead, expert, url| {
                Box::new(AgreementEndingMail {
                    letterhead,
                    expert,
                    ends_on: reference_day(life.ends_on),
                    url,
                })
            })?,
            Reminder::FinalReport => self.expert(life, |letterhead, expert, url| {
                Box::new(FinalReportMail {
                    letterhead,
                    expert,
                    ended_at: day(life.ended_at),
                    again: delivery.step > 0,
                    url,
                })
            })?,
            _ => return Ok(None),
        };
        Ok(Some(written))
    }

    fn to_center(&self, life: &MatchLife) -> Result<Option<Written>> {
        let expert_name = addressee(&life.expert).full_name();
        let expert_phone = life.expert.phone.clone();
        let case_reference = case_reference(life.case_external_id.as_deref(), life.case.uuid());
        let written = match self.reminder {
            Reminder::MeetingUndated => self.center(life, |letterhead, reader, url| {
                Box::new(MeetingUndatedCenterMail {
                    letterhead,
                    reader,
                    expert_name,
                    expert_phone,
                    case_reference,
                    introduced_at: day(life.introduced_at),
                    url,
                })
            })?,
            Reminder::NoMeetingCenter => self.center(life, |letterhead, reader, url| {
                Box::new(NoMeetingCenterMail {
                    letterhead,
                    reader,
                    expert_name,
                    expert_phone,
                    case_reference,
                    last_on: life.last_contact.unwrap_or_default(),
                    url,
                })
            })?,
            Reminder::AgreementEnding => self.center(life, |letterhead, reader, url| {
                Box::new(AgreementEndingCenterMail {
                    letterhead,
                    reader,
                    expert_name,
                    case_reference,
                    ends_on: life.ends_on.unwrap_or_default(),
                    url,
                })
            })?,
            _ => return Ok(None),
        };
        Ok(Some(written))
    }

    /// Mentees and guardians are written to by their centre, by their given name alone.
    fn to_mentee(&self, life: &MatchLife) -> Result<Option<Written>> {
        let guardian = self.writing.delivery.recipient_kind == RecipientKind::Guardian;
        let mentee = &life.mentee;
        let (reader, address, spoken) = match (&mentee.guardian, guardian) {
            (Some(person), true) => (
                Addressee::plain(&person.name, ""),
                person.email.clone(),
                &person.language,
            ),
            (None, true) => return Ok(None),
            (_, false) => (
                Addressee::plain(&mentee.given_name, ""),
                mentee.email.clone(),
                &mentee.language,
            ),
        };
        let Some(address) = address else {
            return Ok(None);
        };
        let letterhead = self.writing.letterhead(&life.center_contact)?;
        let url = self.page()?;
        let name = reader.full_name();
        let mail: Box<dyn Mail + Send> = match self.reminder {
            Reminder::ChemistrySilent => {
                let met_on = life.first_meeting_on.unwrap_or_default();
                Box::new(ChemistryMenteeMail {
                    letterhead,
                    reader,
                    guardian,
                    met_on,
                    answer_by: met_on + Days::new(self.writing.settings.chemistry_close_days.into()),
                    url,
                })
            }
            Reminder::CheckIn => Box::new(CheckInMenteeMail {
                letterhead,
                reader,
                url,
            }),
            Reminder::HalfYearFeedback => Box::new(HalfYearFeedbackMenteeMail {
                letterhead,
                reader,
                url,
            }),
            Reminder::AgreementEnding => Box::new(AgreementEndingMenteeMail {
                letterhead,
                reader,
                ends_on: life.ends_on.unwrap_or_default(),
                url,
            }),
            _ => return Ok(None),
        };
        Ok(Some(Written {
            to: MailAddress {
                name: Some(name),
                address,
            },
            contact: life.center_contact.clone(),
            language: language(spoken),
            mail,
        }))
    }

    /// Whom an office can call about the software, or itself.
    fn helper_of(&self, office: &ContactFacts) -> ContactFacts {
        self.office_helper.clone().unwrap_or_else(|| office.clone())
    }

    fn check(&self, check: &CheckFacts) -> Result<Written> {
        let today = self.writing.app.today();
        let valid_until = check.valid_until.unwrap_or(today);
        let expert_name = addressee(&check.expert).full_name();
        let expert_phone = check.expert.phone.clone();
        if self.reminder == Reminder::CheckExpiry {
            return Ok(Written {
                to: to_expert(&check.expert),
                contact: check.contact.clone(),
                language: language(&check.expert.language),
                mail: Box::new(CheckExpiryMail {
                    letterhead: self.writing.letterhead(&check.contact)?,
                    expert: addressee(&check.expert),
                    extended: check.kind == CheckKind::Extended,
                    valid_until,
                    today: valid_until <= today,
                }),
            });
        }
        let contact = self.helper_of(&check.contact);
        let letterhead = self.writing.letterhead(&contact)?;
        let coordinator = one_name(&check.contact.name);
        let url = self.staff_page("Expert", check.expert_id.uuid())?;
        let mail: Box<dyn Mail + Send> = Box::new(CheckExpiryOfficeMail {
            letterhead,
            coordinator,
            expert_name,
            expert_phone,
            valid_until,
            active_matches: check.active_matches,
            url,
        });
        Ok(Written {
            to: mailbox(&check.contact),
            contact,
            language: self.writing.staff_language,
            mail,
        })
    }

    fn seat(&self, seat: &AttendanceFacts) -> Result<Written> {
        let video = match seat.video_link.as_str() {
            "" => None,
            link => Some(Url::parse(link).map_err(|error| {
                Error::Fault(format!(
                    "the video link of attendance {} is no address: {error}",
                    seat.id
                ))
            })?),
        };
        Ok(Written {
            to: to_expert(&seat.expert),
            contact: seat.contact.clone(),
            language: language(&seat.expert.language),
            mail: Box::new(TrainingReminderMail {
                letterhead: self.writing.letterhead(&seat.contact)?,
                expert: addressee(&seat.expert),
                module: seat.module.clone(),
                starts_at: seat.starts_at,
                place: Some(seat.place.clone()).filter(|place| !place.is_empty()),
                video,
                url: seat_url(self.writing.app, self.writing.delivery.id)?,
            }),
        })
    }

    fn case(&self, case: &CaseFacts) -> Result<Written> {
        let case_reference = case_reference(case.external_id.as_deref(), case.id.uuid());
        let url = self.staff_page("Case", case.id.uuid())?;
        let since = case.searching_since.unwrap_or_default();
        if self.writing.delivery.recipient_kind == RecipientKind::Office {
            let contact = self.helper_of(&case.office_contact);
            return Ok(Written {
                to: mailbox(&case.office_contact),
                language: self.writing.staff_language,
                mail: Box::new(CaseSearchingMail {
                    letterhead: self.writing.letterhead(&contact)?,
                    reader: one_name(&case.office_contact.name),
                    center_name: case.center_contact.office_name.clone(),
                    case_reference,
                    since,
                    open_approaches: case.open_approaches,
                    url,
                }),
                contact,
            });
        }
        let letterhead = self.writing.letterhead(&case.office_contact)?;
        let reader = one_name(&case.center_contact.name);
        let mail: Box<dyn Mail + Send> = match self.reminder {
            Reminder::OutcomeConfirmation => Box::new(OutcomeConfirmationMail {
                letterhead,
                reader,
                case_reference,
                training_starts_on: case.training_starts_on.unwrap_or_default(),
                url,
            }),
            Reminder::Turns18 => Box::new(Turns18Mail {
                letterhead,
                reader,
                case_reference,
                on: case.birth_date + Months::new(18 * 12),
                url,
            }),
            _ => Box::new(CaseSearchingCenterMail {
                letterhead,
                reader,
                case_reference,
                since,
                url,
            }),
        };
        Ok(Written {
            to: mailbox(&case.center_contact),
            contact: case.office_contact.clone(),
            language: self.writing.staff_language,
            mail,
        })
    }

    fn digest(&self, id: OfficeId, office: ContactFacts, digest: Digest) -> Result<Written> {
        let contact = self.helper_of(&office);
        let part = |kind: &str,
                    lines: Vec<tandem_storage::reminders::DigestLine>,
                    count: usize|
         -> Result<DigestPart> {
            let more = count - lines.len();
            let lines = lines
                .into_iter()
                .map(|line| {
                    Ok(DigestLine {
                        url: self.staff_page(kind, line.id)?,
                        name: line.name,
                        reference: line.reference,
                        on: line.on,
                    })
                })
                .collect::<Result<_>>()?;
            Ok(DigestPart { lines, more })
        };
        let today = self.writing.app.today();
        Ok(Written {
            to: mailbox(&office),
            language: self.writing.staff_language,
            mail: Box::new(WeeklyDigestMail {
                letterhead: self.writing.letterhead(&contact)?,
                coordinator: one_name(&office.name),
                on: self.writing.delivery.occasion.unwrap_or(today),
                expiring: part("Expert", digest.expiring, digest.expiring_count)?,
                unanswered: part("Match", digest.unanswered, digest.unanswered_count)?,
                silent: part("Match", digest.silent, digest.silent_count)?,
                unfilled: part("Case", digest.unfilled, digest.unfilled_count)?,
                url: self.staff_page("RegionalOffice", id.uuid())?,
            }),
            contact,
        })
    }

    fn erasure(&self, coming: Erasure, on: NaiveDate, admin: storage::Administrator) -> Result<Written> {
        let contact = self.office_helper.clone().unwrap_or(ContactFacts {
            name: admin.name.clone(),
            office_name: self.writing.settings.organisation_name.clone(),
            phone: admin.phone,
            email: admin.email.clone(),
        });
        Ok(Written {
            to: MailAddress {
                name: Some(admin.name.clone()),
                address: admin.email,
            },
            language: language(&admin.language),
            mail: Box::new(ErasureDueMail {
                letterhead: self.writing.letterhead(&contact)?,
                reader: one_name(&admin.name),
                checks: coming.checks,
                free_texts: coming.retained.free_texts,
                mentees: coming.retained.mentees,
                experts: coming.retained.experts,
                accounts: coming.retained.accounts,
                until: on + Days::new(self.writing.settings.erasure_notice_days.into()),
                url: page_url(self.writing.app, START)?,
            }),
            contact,
        })
    }
}
