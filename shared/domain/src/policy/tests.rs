use proptest::prelude::*;
use strum::VariantArray;
use uuid::Uuid;

use super::*;

fn id<T: From<Uuid>>(number: u8) -> T {
    Uuid::from_u128(u128::from(number)).into()
}

fn actor(grant: Grant) -> Actor {
    Actor::new(id(1), vec![grant])
}

fn grants() -> impl Strategy<Value = Vec<Grant>> {
    let grant = (0..6_u8, 0..3_u8).prop_map(|(kind, number)| match kind {
        0 => Grant::Admin,
        1 => Grant::Coordinator(None),
        2 => Grant::Coordinator(Some(id(number))),
        3 => Grant::CenterStaff(id(number)),
        4 => Grant::Expert(id(number)),
        _ => Grant::Mentee(id(number)),
    });
    prop::collection::vec(grant, 0..4)
}

fn scopes() -> impl Strategy<Value = Option<Vec<TokenScope>>> {
    prop::option::of(prop::sample::subsequence(
        TokenScope::VARIANTS.to_vec(),
        0..=TokenScope::VARIANTS.len(),
    ))
}

fn resources() -> impl Strategy<Value = Resource> {
    let maybe = || prop::option::of(0..3_u8);
    (maybe(), maybe(), maybe(), maybe(), maybe(), any::<bool>()).prop_map(
        |(office, other_office, center, expert, mentee, revealed)| Resource {
            office: office.map(id),
            other_office: other_office.map(id),
            center: center.map(id),
            expert: expert.map(id),
            mentee: mentee.map(id),
            revealed,
            ..Resource::default()
        },
    )
}

proptest! {
    #[test]
    fn a_list_shows_exactly_what_may_be_done(grants in grants(), scopes in scopes(), resource in resources(), number in 0..Action::VARIANTS.len()) {
        let actor = Actor { user: id(1), grants, scopes };
        let action = Action::VARIANTS[number];
        let allowed = can(&actor, action, &resource) == Decision::Allowed;
        prop_assert_eq!(scope(&actor, action).holds(&resource), allowed);
    }
}

#[test]
fn nobody_may_do_anything_without_a_role() {
    let nobody = Actor::new(id(1), vec![]);
    for action in Action::VARIANTS {
        assert_eq!(
            can(&nobody, *action, &Resource::programme()),
            Decision::Hidden,
            "{action}"
        );
    }
}

#[test]
fn a_token_reaches_no_further_than_its_scopes_and_its_user() {
    let expert = Resource::expert(id(1), id(1));
    let reader = |grant| actor(grant).limited_to(vec![TokenScope::ReadExperts]);
    let own = reader(Grant::Coordinator(Some(id(1))));
    assert_eq!(can(&own, Action::ViewExpertContact, &expert), Decision::Allowed);
    assert_eq!(can(&own, Action::ManageExpert, &expert), Decision::Forbidden);
    assert_eq!(can(&own, Action::ViewCase, &expert), Decision::Hidden);
    let other = reader(Grant::Coordinator(Some(id(2))));
    assert_eq!(
        can(&other, Action::ViewExpertContact, &expert),
        Decision::Forbidden
    );
    assert!(scope(&own, Action::ViewCase).is_empty());
}

#[test]
fn no_staff_answers_for_an_expert() {
    let resource = Resource {
        other_office: Some(id(1)),
        ..Resource::expert(id(1), id(1))
    };
    for grant in [
        Grant::Admin,
        Grant::Coordinator(None),
        Grant::Coordinator(Some(id(1))),
        Grant::CenterStaff(id(1)),
    ] {
        assert_ne!(
            can(&actor(grant), Action::AnswerApproach, &resource),
            Decision::Allowed,
            "{grant:?}"
        );
    }
    assert_eq!(
        can(&actor(Grant::Expert(id(1))), Action::AnswerApproach, &resource),
        Decision::Allowed
    );
    assert_eq!(
        can(&actor(Grant::Expert(id(2))), Action::AnswerApproach, &resource),
        Decision::Hidden
    );
}

fn own_match() -> Resource {
    Resource {
        other_office: Some(id(1)),
        expert: Some(id(1)),
        matching: Some(id(1)),
        case: Some(id(1)),
        revealed: true,
        ..Resource::mentee(id(1), id(1), id(1))
    }
}

fn person(party: Party, about: About) -> Person {
    Person {
        party,
        about,
        way: crate::parties::GivenWay::Link,
    }
}

#[test]
fn no_role_of_staff_says_a_persons_own_word() {
    let own: Vec<Action> = Action::VARIANTS
        .iter()
        .copied()
        .filter(|action| is_own_word(*action))
        .collect();
    assert_eq!(own.len(), 10);
    for grant in [
        Grant::Admin,
        Grant::Coordinator(None),
        Grant::Coordinator(Some(id(1))),
        Grant::CenterStaff(id(1)),
    ] {
        for action in &own {
            assert_ne!(
                can(&actor(grant), *action, &own_match()),
                Decision::Allowed,
                "{grant:?} {action}"
            );
        }
    }
}

#[test]
fn a_link_opens_its_own_match_and_no_other() {
    let expert = Party::Expert(id(1));
    let mentee = Party::Mentee(id(1));
    let guardian = Party::Guardian(id(1));
    for party in [expert, mentee, guardian] {
        for about in [About::Match(id(1)), About::Case(id(1))] {
            assert_eq!(
                person_can(&person(party, about), Action::GiveVerdict, &own_match()),
                Decision::Allowed,
                "{party:?}"
            );
        }
        for about in [About::Match(id(2)), About::Case(id(2))] {
            for action in Action::VARIANTS {
                assert_eq!(
                    person_can(&person(party, about), *action, &own_match()),
                    Decision::Hidden,
                    "{party:?} {action}"
                );
            }
        }
    }
    for party in [Party::Expert(id(2)), Party::Mentee(id(2)), Party::Guardian(id(2))] {
        assert_eq!(
            person_can(
                &person(party, About::Match(id(1))),
                Action::ViewMatch,
                &own_match()
            ),
            Decision::Hidden,
            "forwarded to somebody else it is still about its own person"
        );
    }
}

#[test]
fn a_link_permits_nothing_that_the_person_may_not_do_signed_in() {
    for action in Action::VARIANTS {
        for (party, grant) in [
            (Party::Expert(id(1)), Grant::Expert(id(1))),
            (Party::Mentee(id(1)), Grant::Mentee(id(1))),
        ] {
            let by_link = person_can(&person(party, About::Match(id(1))), *action, &own_match());
            let signed_in = can(&actor(grant), *action, &own_match());
            assert!(by_link <= signed_in, "{party:?} {action}");
        }
        let guardian = person_can(
            &person(Party::Guardian(id(1)), About::Case(id(1))),
            *action,
            &own_match(),
        );
        let mentee = can(&actor(Grant::Mentee(id(1))), *action, &own_match());
        assert!(guardian <= mentee, "{action}");
    }
    let contact = person_can(
        &person(Party::Expert(id(1)), About::Match(id(1))),
        Action::ViewExpertContact,
        &own_match(),
    );
    assert_ne!(contact, Decision::Allowed, "who wants more signs in");
}

#[test]
fn a_problem_never_reaches_the_expert() {
    for action in [Action::HandleProblem, Action::ViewFeedback] {
        for resource in [
            own_match(),
            Resource {
                other_office: None,
                ..own_match()
            },
        ] {
            assert_ne!(
                can(&actor(Grant::Expert(id(1))), action, &resource),
                Decision::Allowed
            );
        }
    }
}

#[test]
fn a_centre_learns_of_an_expert_only_after_the_yes() {
    let staff = actor(Grant::CenterStaff(id(1)));
    let matched = Resource {
        expert: Some(id(1)),
        ..Resource::mentee(id(1), id(1), id(1))
    };
    assert_eq!(can(&staff, Action::ViewMatch, &matched), Decision::Hidden);
    assert_eq!(
        can(&staff, Action::ViewMatch, &matched.revealed(true)),
        Decision::Allowed
    );
    assert_eq!(can(&staff, Action::ViewCandidates, &matched), Decision::Forbidden);
}

#[test]
fn another_centres_case_does_not_exist() {
    let staff = actor(Grant::CenterStaff(id(1)));
    assert_eq!(
        can(&staff, Action::ViewCase, &Resource::mentee(id(1), id(2), id(1))),
        Decision::Hidden
    );
    assert_eq!(
        can(&staff, Action::ManageCase, &Resource::mentee(id(1), id(2), id(1))),
        Decision::Hidden
    );
    assert_eq!(
        can(&staff, Action::ManageCase, &Resource::mentee(id(1), id(1), id(1))),
        Decision::Allowed
    );
}

#[test]
fn a_coordinator_sees_every_expert_and_the_contact_of_the_own_ones() {
    let coordinator = actor(Grant::Coordinator(Some(id(1))));
    let other = Resource::expert(id(1), id(2));
    assert_eq!(can(&coordinator, Action::ViewExpert, &other), Decision::Allowed);
    assert_eq!(
        can(&coordinator, Action::ViewExpertContact, &other),
        Decision::Forbidden
    );
    assert_eq!(
        can(&coordinator, Action::ManageExpert, &other),
        Decision::Forbidden
    );
    assert_eq!(can(&coordinator, Action::ViewCheck, &other), Decision::Hidden);
    assert_eq!(
        can(
            &coordinator,
            Action::ManageExpert,
            &Resource::expert(id(1), id(1))
        ),
        Decision::Allowed
    );
}

#[test]
fn the_committed_matrix_is_the_one_that_counts() {
    let committed = include_str!("../../../../docs/policy-matrix.md");
    assert!(
        committed.ends_with(&matrix()),
        "docs/policy-matrix.md differs; its table must be:\n{}",
        matrix()
    );
}
