use tandem_domain::ids::{CaseId, ExpertId};

use super::super::snapshot::SnapshotCase;
use super::super::snapshot::tests::{case, expert, id, snapshot};
use super::*;

fn waiting() -> Vec<SnapshotCase> {
    vec![
        case(1, "2026-11-01", Some(2)),
        case(2, "2026-09-01", Some(2)),
        case(3, "2026-10-01", Some(2)),
    ]
}

fn problem(snapshot: &Snapshot) -> Problem<'_> {
    Problem::new(snapshot, 1, &Unwatched).unwrap_or_else(|_| panic!("there is a problem"))
}

fn taking_part(snapshot: &Snapshot) -> Vec<CaseId> {
    let problem = problem(snapshot);
    (0..snapshot.cases.len())
        .filter(|case| !problem.instance.row(*case).0.is_empty())
        .map(|case| snapshot.cases[case].id)
        .collect()
}

#[test]
fn only_experts_within_reach_are_candidates() {
    let snapshot = snapshot(vec![case(1, "2026-11-01", None)], vec![]);
    let problem = problem(&snapshot);
    let mut experts: Vec<usize> = problem
        .instance
        .row(0)
        .0
        .iter()
        .map(|number| problem.pool.position(*number))
        .collect();
    experts.sort_unstable();
    assert_eq!(experts, [0, 1]);
}

#[test]
fn where_a_centre_has_little_room_its_longest_waiting_cases_take_it() {
    let snapshot = snapshot(waiting(), vec![]);
    assert_eq!(taking_part(&snapshot), [id::<CaseId>(2), id(3)]);
    let seen = problem(&snapshot).explain().unwrap();
    assert_eq!((seen[0].removed[&Rule::CenterLimit], seen[0].candidates), (2, 0));
}

#[test]
fn a_pinned_case_takes_a_centres_room_first() {
    let snapshot = snapshot(waiting(), vec![(id(1), id(2))]);
    assert_eq!(taking_part(&snapshot), [id::<CaseId>(1), id(2)]);
    let problem = problem(&snapshot);
    let plan = problem.solve(&Unwatched).unwrap();
    assert_eq!(problem.assignment(&plan)[0], Some(1));
}

#[test]
fn a_full_centre_takes_part_with_no_case() {
    let snapshot = snapshot(vec![case(1, "2026-11-01", Some(0))], vec![]);
    assert_eq!(taking_part(&snapshot), []);
}

fn refused(pins: Vec<(CaseId, ExpertId)>) -> String {
    let cases = (1..=3).map(|number| case(number, "2026-11-01", None)).collect();
    let snapshot = snapshot(cases, pins);
    let stop = match Problem::new(&snapshot, 1, &Unwatched) {
        Ok(problem) => problem.solve(&Unwatched).map(drop).unwrap_err(),
        Err(stop) => stop,
    };
    match stop {
        Stop::Failed(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pins_that_conflict_are_refused_with_the_reason() {
    assert!(refused(vec![(id(9), id(2))]).contains("no longer searched for"));
    assert!(refused(vec![(id(1), id(9))]).contains("no longer there"));
    assert!(refused(vec![(id(1), id(3))]).contains("the rule DISTANCE stands in the way"));
    let too_many = refused(vec![(id(1), id(2)), (id(2), id(2)), (id(3), id(2))]);
    assert!(
        too_many.contains("3 cases are pinned") && too_many.contains("room for 2"),
        "{too_many}"
    );
}

/// Far more experts than rows may hold, all of whom every case likes in nearly the same order: whoever is
/// listed first is not enough, and rows have to grow.
fn crowd() -> Snapshot {
    let mut whole = snapshot(
        (1..=30)
            .map(|number| case(number, &format!("2026-{:02}-01", 1 + number % 9), None))
            .collect(),
        vec![],
    );
    let codes = [
        "01067", "01069", "01097", "01099", "01127", "01129", "01139", "01157",
    ];
    whole.experts = (1..=400)
        .map(|number| {
            let mut expert = expert(number, codes[number as usize % codes.len()]);
            expert.facts.capacity = 1;
            expert.facts.travel_radius_km = 25 + number as u16 % 40;
            expert.traits.programmes = usize::from(number % 3 == 0);
            expert
        })
        .collect();
    whole
}

#[test]
fn cut_rows_grow_until_the_plan_is_that_of_whole_rows_whatever_the_number_of_threads() {
    let snapshot = crowd();
    let whole = problem(&snapshot);
    assert!(whole.is_whole());
    let best = whole.solve(&Unwatched).unwrap();
    for (most, threads) in [(1, 1), (4, 2), (12, 3)] {
        let cut = Problem::listing(&snapshot, most, threads, &Unwatched)
            .unwrap_or_else(|_| panic!("there is a problem"));
        assert!(!cut.is_whole());
        // what the cut rows alone allow is less than the best plan
        let listed =
            tandem_matching::solve(&cut.instance, cut.objective, &[], &mut tandem_matching::Silent).unwrap();
        let proof = tandem_matching::certify(&whole.instance, whole.objective, &[], &listed);
        assert!(proof.is_err(), "{most}: {proof:?}");
        let plan = cut.solve(&Unwatched).unwrap();
        assert_eq!(plan.certificate, best.certificate);
        // rows have grown, and are still far from whole
        assert!(plan.instance.edges() > cut.instance.edges());
        assert!(plan.instance.edges() < whole.instance.edges() / 2);
        // the certificate of the cut rows holds for the whole ones
        let proof = tandem_matching::certify(&whole.instance, whole.objective, &[], &plan.solution);
        assert_eq!(proof, Ok(best.certificate));
        for (case, expert) in [(0, 7), (5, 20), (11, 39)] {
            assert_eq!(
                cut.instead(&plan, case, expert).unwrap(),
                whole.instead(&best, case, expert).unwrap(),
            );
        }
    }
}
