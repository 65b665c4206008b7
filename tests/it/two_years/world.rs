//! What happens in the two years: written down first, then lived day by day.

use chrono::{NaiveDate, TimeDelta};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// How large a world is. `TANDEM_TWO_YEARS="120 40 400 7"` (experts, matches, days, seed) makes another one,
/// to try many or to be quick.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) experts: usize,
    pub(super) matches: usize,
    pub(super) days: i64,
    pub(super) seed: u64,
}

impl Size {
    pub(super) const WHOLE: Self = Self {
        experts: 500,
        matches: 100,
        days: 730,
        seed: 20_261_123,
    };

    pub(super) fn wanted() -> Self {
        let Ok(text) = std::env::var("TANDEM_TWO_YEARS") else {
            return Self::WHOLE;
        };
        let numbers: Vec<u64> = text
            .split_whitespace()
            .map(|word| word.parse().expect("TANDEM_TWO_YEARS is four numbers"))
            .collect();
        let [experts, matches, days, seed] = numbers[..] else {
            panic!("TANDEM_TWO_YEARS is four numbers: experts, matches, days, seed");
        };
        Self {
            experts: experts as usize,
            matches: matches as usize,
            days: days as i64,
            seed,
        }
    }

    /// Whether it is large enough for something of everything.
    pub(super) fn is_whole(self) -> bool {
        self.experts >= Self::WHOLE.experts
            && self.matches >= Self::WHOLE.matches
            && self.days >= Self::WHOLE.days
    }
}

/// So many mails a minute leave for one domain: few, so that the pace matters.
pub(super) const PACE: usize = 2;

const OFFICES: usize = 3;
const CENTERS: usize = 6;
/// Cases for which nobody is ever found, one an office at least.
const UNFILLED: usize = 9;
/// Courses; each is a day with a session of both required modules.
const COURSES: usize = 14;
/// When settings are changed on which no plan depends, and when some on which all do.
pub(super) const NAME_CHANGED: i64 = 250;
pub(super) const STALE_CHANGED: i64 = 400;

/// Chance that repeats itself.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 0 to below `limit`: SplitMix64.
    pub(super) fn up_to(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.up_to(100) < chance
    }

    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.up_to((to - from + 1) as u64) as i64
    }

    fn id(&mut self) -> Uuid {
        let high = u128::from(self.up_to(u64::MAX));
        Uuid::from_u128((high << 64) | u128::from(self.up_to(u64::MAX)))
    }
}

/// A course: one session of each required module, on the same day.
pub(super) struct Course {
    ids: [Uuid; 2],
    on: NaiveDate,
    /// When it was moved, and to which day.
    pub(super) moved: Option<(NaiveDate, NaiveDate)>,
    pub(super) cancelled: Option<NaiveDate>,
}

impl Course {
    /// On which day it is, as known at the end of a day.
    pub(super) fn day(&self, t: NaiveDate) -> NaiveDate {
        match self.moved {
            Some((when, to)) if when <= t => to,
            _ => self.on,
        }
    }

    fn last_day(&self) -> NaiveDate {
        self.moved.map_or(self.on, |(_, to)| to)
    }
}

/// An expert's two seats in a course.
pub(super) struct Seats {
    pub(super) ids: [Uuid; 2],
    pub(super) expert: usize,
    pub(super) course: usize,
    pub(super) booked: NaiveDate,
    pub(super) given_back: Option<NaiveDate>,
    /// When the office confirmed that the expert was there.
    pub(super) confirmed: Option<NaiveDate>,
}

/// An administrator, who may stop being one.
pub(super) struct Admin {
    pub(super) id: Uuid,
    pub(super) until: Option<NaiveDate>,
}

pub(super) struct Check {
    pub(super) id: Uuid,
    pub(super) expert: usize,
    /// When it was recorded.
    pub(super) on: NaiveDate,
    pub(super) valid_until: NaiveDate,
}

pub(super) struct Expert {
    pub(super) id: Uuid,
    pub(super) office: usize,
    pub(super) address: String,
    pub(super) trained: bool,
    pub(super) left: Option<NaiveDate>,
    /// Wants no mail about missing meetings.
    pub(super) ended: bool,
}

pub(super) struct Case {
    pub(super) id: Uuid,
    pub(super) mentee: Uuid,
    pub(super) center: usize,
    pub(super) mentee_has_address: bool,
    pub(super) guardian_has_address: bool,
    pub(super) born: NaiveDate,
    pub(super) searching: NaiveDate,
    pub(super) training_starts: Option<NaiveDate>,
    pub(super) confirmed: Option<NaiveDate>,
}

/// A match, with the days on which things happen; what does not happen is `None`.
pub(super) struct Match {
    pub(super) id: Uuid,
    pub(super) expert: usize,
    pub(super) case: usize,
    pub(super) sent: NaiveDate,
    pub(super) answered: Option<NaiveDate>,
    pub(super) lapsed: Option<NaiveDate>,
    pub(super) introduced: Option<NaiveDate>,
    pub(super) met: Option<NaiveDate>,
    /// Expert, mentee, guardian.
    pub(super) verdicts: [Option<NaiveDate>; 3],
    pub(super) active: Option<NaiveDate>,
    pub(super) ends_on: NaiveDate,
    pub(super) meetings: Vec<NaiveDate>,
    /// An interview and the day on which it was followed up.
    pub(super) interview: Option<(Uuid, NaiveDate, Option<NaiveDate>)>,
    /// Expert and mentee.
    pub(super) check_in: [Option<NaiveDate>; 2],
    pub(super) half_year: [Option<NaiveDate>; 2],
    pub(super) ended: Option<NaiveDate>,
    pub(super) report: Option<NaiveDate>,
}

pub(super) struct World {
    pub(super) start: NaiveDate,
    pub(super) offices: Vec<Uuid>,
    pub(super) centers: Vec<(Uuid, usize)>,
    pub(super) experts: Vec<Expert>,
    pub(super) checks: Vec<Check>,
    pub(super) cases: Vec<Case>,
    pub(super) matches: Vec<Match>,
    pub(super) admins: Vec<Admin>,
    pub(super) courses: Vec<Course>,
    pub(super) seats: Vec<Seats>,
    /// Addresses that the mail server refuses for good.
    pub(super) refused: Vec<String>,
}

impl World {
    pub(super) fn invent(dice: &mut Dice, start: NaiveDate, size: Size) -> Self {
        let day = |past: i64| start + TimeDelta::days(past);
        let offices: Vec<Uuid> = (0..OFFICES).map(|_| dice.id()).collect();
        let centers: Vec<(Uuid, usize)> = (0..CENTERS).map(|number| (dice.id(), number % OFFICES)).collect();
        let experts: Vec<Expert> = (0..size.experts)
            .map(|number| Expert {
                id: dice.id(),
                office: number % OFFICES,
                address: format!("e{number}@experts.example.org"),
                trained: dice.percent(50),
                left: dice.percent(10).then(|| day(dice.between(30, 700))),
                ended: dice.percent(10),
            })
            .collect();
        let mut checks = Vec::new();
        for expert in 0..size.experts {
            if !dice.percent(80) {
                continue;
            }
            let valid_until = day(dice.between(-200, 900));
            checks.push(Check {
                id: dice.id(),
                expert,
                on: start,
                valid_until,
            });
            // some renew it, before or after its end
            if dice.percent(60) {
                let on = valid_until + TimeDelta::days(dice.between(-100, 40));
                if on > start {
                    checks.push(Check {
                        id: dice.id(),
                        expert,
                        on,
                        valid_until: on + TimeDelta::days(1_800),
                    });
                }
            }
        }
        let mut cases = Vec::new();
        let mut matches = Vec::new();
        for number in 0..size.matches + UNFILLED {
            let searching = day(dice.between(1, 420));
            let minor = dice.percent(30);
            let born = if minor {
                searching - TimeDelta::days(dice.between(16 * 365, 18 * 365))
            } else {
                searching - TimeDelta::days(dice.between(19 * 366, 25 * 365))
            };
            cases.push(Case {
                id: dice.id(),
                mentee: dice.id(),
                center: number % CENTERS,
                mentee_has_address: dice.percent(70),
                guardian_has_address: dice.percent(70),
                born,
                searching,
                training_starts: None,
                confirmed: None,
            });
            if number < size.matches {
                let matching =
                    invent_match(dice, number % size.experts * 3 % size.experts, number, searching);
                if let Some(ended) = matching.ended
                    && dice.percent(70)
                {
                    let case = cases.last_mut().expect("the case above");
                    let starts = ended + TimeDelta::days(dice.between(-10, 30));
                    case.training_starts = Some(starts);
                    case.confirmed = dice
                        .percent(40)
                        .then(|| starts + TimeDelta::days(dice.between(90, 140)));
                }
                matches.push(matching);
            }
        }
        let courses: Vec<Course> = (0..COURSES)
            .map(|_| {
                let on = day(dice.between(40, size.days - 10));
                invent_course(dice, on)
            })
            .collect();
        let seats = invent_seats(dice, start, &experts, &matches, &courses);
        let admins = [None, Some(day(300))]
            .into_iter()
            .map(|until| Admin { id: dice.id(), until })
            .collect();
        let refused = (0..6)
            .map(|number| format!("e{number}@experts.example.org"))
            .chain(["m5", "m9", "g8"].map(|who| format!("{who}@people.example.org")))
            .chain(["c4@centers.example.org".to_owned()])
            .collect();
        Self {
            start,
            offices,
            centers,
            experts,
            checks,
            cases,
            matches,
            admins,
            courses,
            seats,
            refused,
        }
    }

    /// Where a recipient is written to.
    pub(super) fn address(&self, (kind, id): (&str, Uuid)) -> String {
        let place = |found: Option<usize>| found.expect("somebody of this world");
        match kind {
            "EXPERT" => self.experts[place(self.experts.iter().position(|one| one.id == id))]
                .address
                .clone(),
            "CENTER" => format!(
                "c{}@centers.example.org",
                place(self.centers.iter().position(|one| one.0 == id))
            ),
            "OFFICE" => format!(
                "o{}@offices.example.org",
                place(self.offices.iter().position(|one| *one == id))
            ),
            "USER" => format!(
                "a{}@admins.example.org",
                place(self.admins.iter().position(|one| one.id == id))
            ),
            kind => {
                let case = place(self.cases.iter().position(|one| one.mentee == id));
                let letter = if kind == "MENTEE" { 'm' } else { 'g' };
                format!("{letter}{case}@people.example.org")
            }
        }
    }

    /// The office that answers for a recipient.
    pub(super) fn office_of(&self, (kind, id): (&str, Uuid)) -> Option<Uuid> {
        match kind {
            "EXPERT" => {
                let expert = self.experts.iter().find(|one| one.id == id)?;
                Some(self.offices[expert.office])
            }
            "CENTER" => {
                let (_, office) = self.centers.iter().find(|one| one.0 == id)?;
                Some(self.offices[*office])
            }
            "MENTEE" | "GUARDIAN" => {
                let case = self.cases.iter().position(|one| one.mentee == id)?;
                Some(self.office_of_case(case))
            }
            _ => None,
        }
    }

    pub(super) fn office_of_case(&self, case: usize) -> Uuid {
        self.offices[self.centers[self.cases[case].center].1]
    }

    pub(super) fn center_of_case(&self, case: usize) -> Uuid {
        self.centers[self.cases[case].center].0
    }

    /// What is there on the first day.
    pub(super) async fn found(&self, conn: &mut PgConnection) {
        let now = format!("'{}T08:00:00Z'::timestamptz", self.start);
        let mut sql = settings_of(1, r#""programmeName": "Tandem""#, &now);
        for (number, id) in self.offices.iter().enumerate() {
            sql += &format!(
                "INSERT INTO regional_offices (id, name, postal_code, email, phone, contact_name, created_at, updated_at)
                 VALUES ('{id}', 'Büro {number}', '20095', 'o{number}@offices.example.org', '040 1', 'Jutta Petersen', {now}, {now});"
            );
        }
        for (number, (id, office)) in self.centers.iter().enumerate() {
            let office = self.offices[*office];
            sql += &format!(
                "INSERT INTO service_centers (id, office_id, name, carrier_organisation, postal_code, email, phone, contact_name, created_at, updated_at)
                 VALUES ('{id}', '{office}', 'Stelle {number}', 'Träger', '20095', 'c{number}@centers.example.org', '040 2', 'Ayşe Kaya', {now}, {now});"
            );
        }
        for (number, admin) in self.admins.iter().enumerate() {
            let id = admin.id;
            sql += &format!(
                "INSERT INTO users (id, email, name, language, created_at, updated_at)
                 VALUES ('{id}', 'a{number}@admins.example.org', 'Jonas Berger', 'en', {now}, {now});
                 INSERT INTO role_grants (id, user_id, role, created_at) VALUES (gen_random_uuid(), '{id}', 'ADMIN', {now});"
            );
        }
        for course in &self.courses {
            for (id, module) in course.ids.iter().zip(["BASE", "INTERCULTURAL"]) {
                let (office, on) = (self.offices[0], course.on);
                sql += &format!(
                    "INSERT INTO training_sessions (id, module_id, office_id, starts_at, ends_at, place, seats, created_at, updated_at)
                     SELECT '{id}', id, '{office}', '{on}T14:00:00Z', '{on}T17:00:00Z', 'Hamburg', 200, {now}, {now}
                       FROM training_modules WHERE code = '{module}';"
                );
            }
        }
        for (number, expert) in self.experts.iter().enumerate() {
            let (id, office, address) = (expert.id, self.offices[expert.office], &expert.address);
            sql += &format!(
                "INSERT INTO experts (id, office_id, state, given_name, family_name, postal_code, email, capacity, activated_on, search_text, created_at, updated_at)
                 VALUES ('{id}', '{office}', 'ACTIVE', 'Ingrid', 'Größ-{number}', '20095', '{address}', 3, '{}', 'x', {now}, {now});",
                self.start
            );
            if expert.trained {
                sql += &format!(
                    "INSERT INTO training_attendances (id, expert_id, module_id, state, attended_on, created_at, updated_at)
                     SELECT gen_random_uuid(), '{id}', id, 'ATTENDED', '2025-01-01', {now}, {now} FROM training_modules WHERE required;"
                );
            }
            if expert.ended {
                sql += &format!(
                    "INSERT INTO mail_optouts (recipient_kind, recipient_id, trigger, since) VALUES ('EXPERT', '{id}', 'NO_MEETING', {now});"
                );
            }
        }
        run(conn, sql).await;
    }

    /// What happens on a day.
    pub(super) async fn live(&self, conn: &mut PgConnection, today: NaiveDate) {
        let now = format!("'{today}T09:00:00Z'::timestamptz");
        let is = |day: Option<NaiveDate>| day == Some(today);
        let mut sql = String::new();
        for check in self.checks.iter().filter(|check| check.on == today) {
            let expert = self.experts[check.expert].id;
            sql += &format!(
                "INSERT INTO background_checks (id, expert_id, kind, certificate_date, inspected_on, no_relevant_entry, valid_until, created_at, updated_at)
                 VALUES ('{}', '{expert}', 'EXTENDED', date '{until}' - 1800, date '{until}' - 1800, true, '{until}', {now}, {now});",
                check.id,
                until = check.valid_until
            );
        }
        for expert in self.experts.iter().filter(|expert| is(expert.left)) {
            sql += &format!(
                "UPDATE experts SET state = 'LEFT', left_on = '{today}', updated_at = {now} WHERE id = '{}';",
                expert.id
            );
        }
        for admin in self.admins.iter().filter(|admin| is(admin.until)) {
            let id = admin.id;
            sql += &format!("UPDATE users SET active = false, updated_at = {now} WHERE id = '{id}';");
        }
        for (version, past, settings) in [
            (2, NAME_CHANGED, r#""programmeName": "Tandem am Abend""#),
            (
                3,
                STALE_CHANGED,
                r#""programmeName": "Tandem am Abend", "reminderStaleDays": 93"#,
            ),
        ] {
            if self.start + TimeDelta::days(past) == today {
                sql += &settings_of(version, settings, &now);
            }
        }
        sql += &self.learn(today, &now);
        for (number, case) in self.cases.iter().enumerate() {
            if case.searching == today {
                sql += &self.open_case(number, case, today, &now);
            }
            if is(case.confirmed) {
                sql += &format!(
                    "UPDATE cases SET outcome_confirmed_at = {now}, updated_at = {now} WHERE id = '{}';",
                    case.id
                );
            }
        }
        for matching in &self.matches {
            sql += &self.live_match(matching, today, &now);
        }
        if !sql.is_empty() {
            run(conn, sql).await;
        }
    }

    /// What happens about courses on a day: first people book, then courses are moved and cancelled.
    fn learn(&self, today: NaiveDate, now: &str) -> String {
        let is = |day: Option<NaiveDate>| day == Some(today);
        let mut sql = String::new();
        for seats in &self.seats {
            let (expert, course) = (self.experts[seats.expert].id, &self.courses[seats.course]);
            for (id, session) in seats.ids.iter().zip(course.ids) {
                if seats.booked == today {
                    sql += &format!(
                        "INSERT INTO training_attendances (id, expert_id, module_id, session_id, state, bookings, created_at, updated_at)
                         SELECT '{id}', '{expert}', module_id, id, 'BOOKED', 1, {now}, {now} FROM training_sessions WHERE id = '{session}';"
                    );
                }
                if is(seats.given_back) {
                    sql += &format!(
                        "UPDATE training_attendances SET state = 'CANCELLED', updated_at = {now} WHERE id = '{id}';"
                    );
                }
                if is(seats.confirmed) {
                    let on = course.last_day();
                    sql += &format!(
                        "UPDATE training_attendances SET state = 'ATTENDED', attended_on = '{on}', updated_at = {now} WHERE id = '{id}';"
                    );
                }
            }
        }
        for course in &self.courses {
            for session in course.ids {
                if let Some((when, to)) = course.moved
                    && when == today
                {
                    sql += &format!(
                        "UPDATE training_sessions SET starts_at = '{to}T14:00:00Z', ends_at = '{to}T17:00:00Z', updated_at = {now} WHERE id = '{session}';"
                    );
                }
                if is(course.cancelled) {
                    sql += &format!(
                        "UPDATE training_sessions SET cancelled_at = {now}, updated_at = {now} WHERE id = '{session}';
                         UPDATE training_attendances SET state = 'CANCELLED', updated_at = {now} WHERE session_id = '{session}' AND state = 'BOOKED';"
                    );
                }
            }
        }
        sql
    }

    fn open_case(&self, number: usize, case: &Case, today: NaiveDate, now: &str) -> String {
        let center = self.centers[case.center].0;
        let address = |has: bool, kind: char| {
            if has {
                format!("'{kind}{number}@people.example.org'")
            } else {
                "NULL".to_owned()
            }
        };
        let language = ["de", "en", "ar", "fa", "uk", "tr"][number % 6];
        format!(
            "INSERT INTO mentees (id, center_id, given_name, family_name, birth_date, email, language, german_level, guardian_kind, guardian_name, guardian_email, created_at, updated_at)
             VALUES ('{mentee}', '{center}', 'أمير', 'Ş-{number}', '{born}', {email}, '{language}', 'A2', 'PERSON', 'Олена', {guardian}, {now}, {now});
             INSERT INTO cases (id, center_id, mentee_id, state, planned_start, eligibility_confirmed, mentee_consent_on, submitted_at, accepted_at, created_at, updated_at)
             VALUES ('{id}', '{center}', '{mentee}', 'SEARCHING', '{today}', true, '{today}', {now}, {now}, {now}, {now});",
            mentee = case.mentee,
            born = case.born,
            email = address(case.mentee_has_address, 'm'),
            guardian = address(case.guardian_has_address, 'g'),
            id = case.id,
        )
    }

    fn live_match(&self, m: &Match, today: NaiveDate, now: &str) -> String {
        let is = |day: Option<NaiveDate>| day == Some(today);
        let (id, case) = (m.id, self.cases[m.case].id);
        let mut sql = String::new();
        if m.sent == today {
            sql += &format!(
                "INSERT INTO matches (id, case_id, expert_id, state, approached_at, approach_sent_at, created_at, updated_at)
                 VALUES ('{id}', '{case}', '{}', 'APPROACHED', {now}, {now}, {now}, {now});",
                self.experts[m.expert].id
            );
        }
        let mut step = |on: Option<NaiveDate>, state: &str, more: &str| {
            if is(on) {
                sql += &format!(
                    "UPDATE matches SET state = '{state}', updated_at = {now}{more} WHERE id = '{id}';"
                );
            }
        };
        step(m.lapsed, "LAPSED", &format!(", ended_at = {now}"));
        step(
            m.answered,
            "INTERESTED",
            &format!(", answered_at = {now}, answered_by_way = 'LINK'"),
        );
        step(m.introduced, "INTRODUCED", &format!(", introduced_at = {now}"));
        step(m.met, "MET", &format!(", first_meeting_on = '{today}'"));
        if is(m.answered) {
            sql += &format!("UPDATE cases SET state = 'MATCHED', updated_at = {now} WHERE id = '{case}';");
        }
        for (side, on) in ["EXPERT", "MENTEE", "GUARDIAN"].into_iter().zip(m.verdicts) {
            if is(on) {
                sql += &format!(
                    "INSERT INTO chemistry_verdicts (match_id, side, verdict, given_by_way, answered_at) VALUES ('{id}', '{side}', 'YES', 'LINK', {now});"
                );
            }
        }
        if is(m.active) {
            sql += &world_sql::activate(id, case, today, m.ends_on, now);
        }
        for on in m.meetings.iter().filter(|on| **on == today) {
            sql += &world_sql::meeting(id, *on, now);
        }
        if let Some((interview, on, followed)) = m.interview {
            if on == today {
                sql += &world_sql::milestone(interview, id, "INTERVIEW", None, on, now);
            }
            if is(followed) {
                sql += &world_sql::milestone(
                    Uuid::from_u128(interview.as_u128() ^ 1),
                    id,
                    "INTERVIEW_FOLLOWED_UP",
                    Some(interview),
                    today,
                    now,
                );
            }
        }
        for (occasion, days) in [("CHECK_IN", m.check_in), ("HALF_YEAR", m.half_year)] {
            for (side, on) in ["EXPERT", "MENTEE"].into_iter().zip(days) {
                if is(on) {
                    sql += &world_sql::feedback(id, side, occasion, now);
                }
            }
        }
        if is(m.ended) {
            sql += &format!(
                "UPDATE matches SET state = 'COMPLETED', updated_at = {now}, ended_at = {now} WHERE id = '{id}';"
            );
            let starts = self.cases[m.case]
                .training_starts
                .map_or_else(|| "NULL".to_owned(), |day| format!("'{day}'"));
            sql += &format!(
                "UPDATE cases SET state = 'CLOSED', closed_at = {now}, updated_at = {now}, transition_outcome = 'TRAINING_PLACE',
                     social_outcome = 'SETTLED', training_starts_on = {starts} WHERE id = '{case}';"
            );
        }
        if is(m.report) {
            sql += &world_sql::final_report(id, now);
        }
        sql
    }
}

/// The rows of a match's life.
mod world_sql {
    use super::{NaiveDate, Uuid};

    pub(super) fn activate(id: Uuid, case: Uuid, today: NaiveDate, ends_on: NaiveDate, now: &str) -> String {
        format!(
            "UPDATE matches SET state = 'ACTIVE', updated_at = {now}, active_from = '{today}', consented_at = {now} WHERE id = '{id}';
             UPDATE cases SET state = 'ACTIVE', updated_at = {now} WHERE id = '{case}';
             INSERT INTO agreements (id, match_id, number, areas, starts_on, ends_on, created_at, written_by_side)
             VALUES (gen_random_uuid(), '{id}', 1, '{{LANGUAGE}}', '{today}', '{ends_on}', {now}, 'CENTER');"
        )
    }

    pub(super) fn meeting(id: Uuid, on: NaiveDate, now: &str) -> String {
        format!(
            "INSERT INTO meetings (id, match_id, met_on, minutes, kind, created_at, recorded_by_side) VALUES (gen_random_uuid(), '{id}', '{on}', 60, 'IN_PERSON', {now}, 'EXPERT');"
        )
    }

    pub(super) fn milestone(
        id: Uuid,
        matching: Uuid,
        kind: &str,
        belongs_to: Option<Uuid>,
        on: NaiveDate,
        now: &str,
    ) -> String {
        let parent = belongs_to.map_or_else(|| "NULL".to_owned(), |id| format!("'{id}'"));
        format!(
            "INSERT INTO milestones (id, match_id, kind, belongs_to, on_date, created_at, recorded_by_side) VALUES ('{id}', '{matching}', '{kind}', {parent}, '{on}', {now}, 'EXPERT');"
        )
    }

    pub(super) fn feedback(id: Uuid, side: &str, occasion: &str, now: &str) -> String {
        format!(
            "INSERT INTO feedback (id, match_id, side, occasion, answers, given_at, given_by_way) VALUES (gen_random_uuid(), '{id}', '{side}', '{occasion}', '{{}}', {now}, 'LINK');"
        )
    }

    pub(super) fn final_report(id: Uuid, now: &str) -> String {
        format!(
            "INSERT INTO final_reports (match_id, tackles_alone, given_by_way, written_at) VALUES ('{id}', 'YES', 'LINK', {now});"
        )
    }
}

/// A version of the settings, with a pace that matters.
fn settings_of(version: i64, others: &str, now: &str) -> String {
    format!(
        "INSERT INTO settings (version, settings, changed_at)
         VALUES ({version}, '{{\"mailsPerMinuteAndDomain\": {PACE}, {others}}}', {now});"
    )
}

async fn run(conn: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(conn)
        .await
        .expect("the world goes on");
}

fn invent_match(dice: &mut Dice, expert: usize, case: usize, searching: NaiveDate) -> Match {
    let after =
        |dice: &mut Dice, day: NaiveDate, from: i64, to: i64| day + TimeDelta::days(dice.between(from, to));
    let sent = after(dice, searching, 1, 40);
    let mut m = Match {
        id: dice.id(),
        // several matches may have the same expert, who has room for three
        expert,
        case,
        sent,
        answered: None,
        lapsed: None,
        introduced: None,
        met: None,
        verdicts: [None; 3],
        active: None,
        ends_on: sent,
        meetings: Vec::new(),
        interview: None,
        check_in: [None; 2],
        half_year: [None; 2],
        ended: None,
        report: None,
    };
    if dice.percent(12) {
        m.lapsed = Some(sent + TimeDelta::days(14));
        return m;
    }
    let answered = after(dice, sent, 1, 13);
    let introduced = after(dice, answered, 1, 40);
    let met = after(dice, introduced, 1, 27);
    m.answered = Some(answered);
    m.introduced = Some(introduced);
    m.met = Some(met);
    let mut last = met;
    for verdict in &mut m.verdicts {
        let on = after(dice, met, 0, 20);
        *verdict = Some(on);
        last = last.max(on);
    }
    let active = after(dice, last, 1, 5);
    m.active = Some(active);
    let length = dice.between(120, 380);
    m.ends_on = active + TimeDelta::days(length);
    let mut meeting = active;
    loop {
        let longest = if dice.percent(10) { 50 } else { 12 };
        meeting = after(dice, meeting, 4, longest);
        if meeting >= m.ends_on {
            break;
        }
        m.meetings.push(meeting);
    }
    if dice.percent(50) {
        let on = after(dice, active, 20, 100);
        let followed = dice.percent(50).then(|| after(dice, on, 0, 6));
        m.interview = Some((dice.id(), on, followed));
    }
    for side in 0..2 {
        m.check_in[side] = dice.percent(60).then(|| after(dice, active, 20, 45));
        m.half_year[side] = dice
            .percent(60)
            .then(|| after(dice, active, 170, 200))
            .filter(|day| *day < m.ends_on);
    }
    let ended = after(dice, m.ends_on, 0, 20);
    m.ended = Some(ended);
    m.report = dice.percent(70).then(|| after(dice, ended, 1, 40));
    m
}

fn invent_course(dice: &mut Dice, on: NaiveDate) -> Course {
    let before = |dice: &mut Dice, most: i64| on - TimeDelta::days(dice.between(1, most));
    let mut course = Course {
        ids: [dice.id(), dice.id()],
        on,
        moved: None,
        cancelled: None,
    };
    if dice.percent(40) {
        course.moved = Some((before(dice, 30), on + TimeDelta::days(dice.between(3, 60))));
    } else if dice.percent(30) {
        course.cancelled = Some(before(dice, 30));
    }
    course
}

/// Who lacks the training books a course, first those who have said yes to somebody.
fn invent_seats(
    dice: &mut Dice,
    start: NaiveDate,
    experts: &[Expert],
    matches: &[Match],
    courses: &[Course],
) -> Vec<Seats> {
    let mut seats: Vec<Seats> = Vec::new();
    let busy = matches.iter().map(|m| m.expert);
    for expert in busy.chain(0..experts.len()) {
        let known = seats.iter().any(|seats| seats.expert == expert);
        if known || experts[expert].trained || !dice.percent(60) {
            continue;
        }
        let number = dice.up_to(courses.len() as u64) as usize;
        let course = &courses[number];
        let booked = (course.on - TimeDelta::days(dice.between(1, 90))).max(start + TimeDelta::days(1));
        if course.cancelled.is_some_and(|day| booked >= day) {
            continue;
        }
        let end = course.cancelled.unwrap_or_else(|| course.last_day());
        let mut given_back = None;
        let mut confirmed = None;
        if dice.percent(20) {
            given_back = Some(booked + TimeDelta::days(dice.between(1, 40))).filter(|day| *day < end);
        }
        if given_back.is_none() && course.cancelled.is_none() && dice.percent(85) {
            confirmed = Some(end + TimeDelta::days(dice.between(1, 5)));
        }
        seats.push(Seats {
            ids: [dice.id(), dice.id()],
            expert,
            course: number,
            booked,
            given_back,
            confirmed,
        });
    }
    seats
}
