//! Lists, filters, the text search, the neighbourhood of a place.

use std::collections::BTreeSet;

use tandem_devkit::programme::{Plan, generate};
use tandem_domain::errors::Code;
use tandem_domain::experts::{ExpertState, OccupationKind};
use tandem_domain::ids::{ExpertId, OfficeId};
use tandem_domain::values::SupportArea;
use tandem_operations::Caller;
use tandem_operations::experts::{self, ListFilter, NearInput, NearPlace, list};
use tandem_operations::import::{Kind, import};
use tandem_storage::experts::{Key, Order, Readiness};
use tandem_storage::paging::Page;
use tandem_tests::{TestApp, date};

use super::{found, refusals};

async fn names(app: &TestApp, filter: ListFilter) -> Vec<String> {
    let rows = found(app, &Caller::system(), filter).await;
    rows.into_iter().map(|(_, expert)| expert.family_name).collect()
}

async fn searched(app: &TestApp, text: &str) -> Vec<String> {
    names(
        app,
        ListFilter {
            text: Some(text.into()),
            ..ListFilter::default()
        },
    )
    .await
}

async fn office_with_experts(app: &TestApp) -> OfficeId {
    let office = app.office("Büro Chemnitz", "09111").await;
    for (given, family, postal_code, occupation) in [
        ("Jürgen", "Müller", "09111", "Mechatroniker"),
        ("Inge", "Muller", "01067", "Köchin"),
        ("Walter", "Schmidt", "04109", "Müller"),
        ("Käthe", "Groß", "09599", "Elektronikerin"),
        ("Hans", "Zöllner", "20095", "Hochschullehrer"),
    ] {
        let mut draft = TestApp::expert_draft(family, postal_code);
        draft.given_name = given.into();
        draft.occupations = vec![(
            OccupationKind::Occupation,
            Some("26112".into()),
            occupation.into(),
        )];
        app.expert_of(office, draft).await;
    }
    office
}

#[tokio::test]
async fn a_search_forgives_umlauts_gender_forms_and_typing_errors() {
    let app = TestApp::start().await;
    office_with_experts(&app).await;
    for text in ["Mueller", "Müller", "muller", "MÜLLER"] {
        let found = searched(&app, text).await;
        assert_eq!(found.len(), 3, "{text}: {found:?}");
        assert_eq!(
            found[2], "Schmidt",
            "a name counts more than an occupation: {text}"
        );
    }
    assert_eq!(searched(&app, "Juergen Mueller").await, ["Müller"]);
    assert_eq!(searched(&app, "mechatronicker").await, ["Müller"]);
    assert_eq!(searched(&app, "Mechatronikerin").await, ["Müller"]);
    assert_eq!(searched(&app, "elektroniker").await[0], "Groß");
    assert_eq!(searched(&app, "Koch Dresden").await, ["Muller"]);
    assert_eq!(searched(&app, "gross").await, ["Groß"]);
    assert_eq!(searched(&app, "Xylophon").await, Vec::<String>::new());
    assert_eq!(
        searched(&app, "100% _").await,
        Vec::<String>::new(),
        "no pattern of the database gets through"
    );
    let nothing = ListFilter {
        text: Some(" - ".into()),
        ..ListFilter::default()
    };
    let page = Page::first(10);
    let refused = list(&app.api, &Caller::system(), nothing, None, &page, false).await;
    assert_eq!(refusals(refused), [(Code::Invalid, "filter.text".into())]);
    app.finish().await;
}

#[tokio::test]
async fn lists_are_sorted_as_people_sort_and_can_be_paged_both_ways() {
    let app = TestApp::start().await;
    office_with_experts(&app).await;
    assert_eq!(
        names(&app, ListFilter::default()).await,
        ["Groß", "Muller", "Müller", "Schmidt", "Zöllner"]
    );
    let system = Caller::system();
    for order in [Order::Name, Order::Newest] {
        let all: Vec<ExpertId> = {
            let page = Page::first(200);
            let (slice, total) = list(&app.api, &system, ListFilter::default(), Some(order), &page, true)
                .await
                .unwrap();
            assert_eq!(total, Some(5));
            slice.rows.into_iter().map(|(found, _)| found.key.id).collect()
        };
        let (mut forward, mut after) = (Vec::new(), None::<Key>);
        loop {
            let page = Page {
                limit: 2,
                after: after.take(),
                before: None,
                backward: false,
            };
            let (slice, _) = list(
                &app.api,
                &system,
                ListFilter::default(),
                Some(order),
                &page,
                false,
            )
            .await
            .unwrap();
            forward.extend(slice.rows.iter().map(|(found, _)| found.key.id));
            after = slice.rows.last().map(|(found, _)| found.key.clone());
            if !slice.has_next {
                break;
            }
        }
        assert_eq!(forward, all, "{order:?}");
        let page = Page {
            limit: 2,
            after: None,
            before: after.clone(),
            backward: true,
        };
        let (slice, _) = list(
            &app.api,
            &system,
            ListFilter::default(),
            Some(order),
            &page,
            false,
        )
        .await
        .unwrap();
        let before: Vec<ExpertId> = slice.rows.iter().map(|(found, _)| found.key.id).collect();
        assert_eq!(before, all[2..4], "{order:?}");
        assert!(slice.has_previous && slice.has_next);
    }
    app.finish().await;
}

#[tokio::test]
async fn each_filter_narrows_and_none_is_ignored() {
    let app = TestApp::start().await;
    let office = office_with_experts(&app).await;
    let other = app.office("Büro Hamburg", "20095").await;
    let mut draft = TestApp::expert_draft("Anders", "20097");
    draft.languages = vec!["de".into(), "fa".into()];
    draft.support_areas = vec![SupportArea::Authorities];
    draft.occupations = vec![(
        OccupationKind::Interest,
        Some("434".into()),
        "Programmieren".into(),
    )];
    let anders = app.expert_of(other, draft).await;
    experts::pause(&app.api, &Caller::system(), anders, date("2026-11-01"), None)
        .await
        .unwrap();

    let none = ListFilter::default;
    for filter in [
        ListFilter {
            offices: Some(vec![other]),
            ..none()
        },
        ListFilter {
            postal_code_prefix: Some("20097".into()),
            ..none()
        },
        ListFilter {
            occupation_code_prefix: Some("43".into()),
            ..none()
        },
        ListFilter {
            language: Some("fa".into()),
            ..none()
        },
        ListFilter {
            support_area: Some(SupportArea::Authorities),
            ..none()
        },
        ListFilter {
            paused: Some(true),
            ..none()
        },
    ] {
        assert_eq!(names(&app, filter.clone()).await, ["Anders"], "{filter:?}");
    }
    assert_eq!(
        names(
            &app,
            ListFilter {
                offices: Some(vec![office]),
                ..none()
            }
        )
        .await
        .len(),
        5
    );
    assert_eq!(
        names(
            &app,
            ListFilter {
                paused: Some(false),
                ..none()
            }
        )
        .await
        .len(),
        5
    );
    assert_eq!(
        names(
            &app,
            ListFilter {
                states: Some(vec![ExpertState::Registered]),
                ..none()
            }
        )
        .await
        .len(),
        0
    );
    assert_eq!(
        names(
            &app,
            ListFilter {
                states: Some(vec![ExpertState::Active]),
                ..none()
            }
        )
        .await
        .len(),
        6
    );

    let bad = ListFilter {
        postal_code_prefix: Some("20a".into()),
        occupation_code_prefix: Some("1234567".into()),
        language: Some("german".into()),
        ..none()
    };
    let refused = list(&app.api, &Caller::system(), bad, None, &Page::first(10), false).await;
    let fields: Vec<String> = refusals(refused).into_iter().map(|(_, field)| field).collect();
    assert_eq!(
        fields,
        [
            "filter.postalCodePrefix",
            "filter.occupationCodePrefix",
            "filter.language"
        ]
    );
    app.finish().await;
}

#[tokio::test]
async fn the_neighbourhood_of_a_centre_comes_by_distance() {
    let app = TestApp::start().await;
    let office = office_with_experts(&app).await;
    let center = app.center(office, "Servicestelle Chemnitz", "09111").await;
    let near = |place, radius_km| ListFilter {
        near: Some(NearInput { place, radius_km }),
        ..ListFilter::default()
    };
    let rows = found(&app, &Caller::system(), near(NearPlace::Center(center), 80)).await;
    let found: Vec<(&str, u32)> = rows
        .iter()
        .map(|(found, expert)| (&*expert.family_name, found.distance_m.unwrap() / 1000))
        .collect();
    assert_eq!(found[0], ("Müller", 0));
    assert_eq!(
        found.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["Müller", "Groß", "Muller", "Schmidt"]
    );
    assert!(found.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{found:?}");
    assert_eq!(
        names(&app, near(NearPlace::PostalCode("09111".into()), 5)).await,
        ["Müller"]
    );
    let nowhere = near(NearPlace::PostalCode("99999".into()), 5);
    let refused = list(
        &app.api,
        &Caller::system(),
        nowhere,
        None,
        &Page::first(10),
        false,
    )
    .await;
    assert_eq!(
        refusals(refused),
        [(Code::Invalid, "filter.near.postalCode".into())]
    );
    let far = near(NearPlace::Center(center), 1000);
    let refused = list(&app.api, &Caller::system(), far, None, &Page::first(10), false).await;
    assert_eq!(
        refusals(refused),
        [(Code::Invalid, "filter.near.radiusKm".into())]
    );
    app.finish().await;
}

#[tokio::test]
async fn the_lists_readiness_is_the_domains() {
    let app = TestApp::start().await;
    let lists = generate(&Plan {
        experts: 400,
        cases: 0,
        seed: 11,
        day: date("2026-11-23"),
    });
    let system = Caller::system();
    import(&app.api, &system, Kind::Offices, lists.offices.as_bytes())
        .await
        .unwrap();
    import(&app.api, &system, Kind::Experts, lists.experts.as_bytes())
        .await
        .unwrap();
    let ids: Vec<ExpertId> = sqlx::query_scalar::<_, uuid::Uuid>("SELECT id FROM experts")
        .fetch_all(&mut app.superuser().await)
        .await
        .unwrap()
        .into_iter()
        .map(ExpertId::from)
        .collect();
    let readiness = experts::readinesses(&app.api, &system, &ids).await.unwrap();
    for (filter, wanted) in [
        (
            Readiness::Ready,
            (|readiness| readiness.ready) as fn(&tandem_domain::readiness::Readiness) -> bool,
        ),
        (Readiness::ReadyForMinors, |readiness| readiness.ready_for_minors),
        (Readiness::NotReady, |readiness| !readiness.ready),
    ] {
        let expected: BTreeSet<ExpertId> = readiness
            .iter()
            .filter(|(_, readiness)| wanted(readiness))
            .map(|(id, _)| *id)
            .collect();
        assert!(
            expected.len() > 50 && expected.len() < 350,
            "{filter:?}: {}",
            expected.len()
        );
        let mut listed = BTreeSet::new();
        let mut page = Page::first(200);
        loop {
            let filter = ListFilter {
                readiness: Some(filter),
                ..ListFilter::default()
            };
            let (slice, total) = list(&app.api, &system, filter, None, &page, true).await.unwrap();
            assert_eq!(total, Some(expected.len() as i64));
            listed.extend(slice.rows.iter().map(|(found, _)| found.key.id));
            if !slice.has_next {
                break;
            }
            page.after = slice.rows.last().map(|(found, _)| found.key.clone());
        }
        assert_eq!(listed, expected, "{filter:?}");
    }
    app.finish().await;
}
