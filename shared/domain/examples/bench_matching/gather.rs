//! Candidates, as the product gathers them, and the whole way from people to a plan that is proved.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use tandem_domain::candidates::{Case, Expert, Pool, Wanted};
use tandem_domain::eligibility::Context;
use tandem_domain::runs::Parameters;
use tandem_domain::settings::Settings;
use tandem_matching::{
    Duals, Instance, LeftOut, LeftOutPair, Objective, Silent, bmi, certify, solve_growing,
};

use crate::programme::{Programme, Recipe, today};
use crate::{Result, cpu, median, peak_kb};

/// So many pairs a row at first.
const LISTED: usize = 200;
/// So many that come in at once.
const GROWTH: usize = 64;

struct Rest<'p, 'a> {
    pool: &'p Pool<'a>,
    cases: &'p [Case<'a>],
    bounds: &'p [Option<i32>],
}

impl LeftOut for Rest<'_, '_> {
    fn bound(&self, case: usize) -> Option<i32> {
        self.bounds[case]
    }

    fn refused(
        &mut self,
        cases: &[u32],
        listed: &Instance,
        duals: &Duals,
    ) -> ControlFlow<(), Vec<LeftOutPair>> {
        let found = self.pool.left_out(
            self.cases,
            cases,
            1,
            &|_| true,
            Wanted {
                most: GROWTH,
                listed: &|case, expert| listed.score(case as usize, expert).is_some(),
                floor: &|case| duals.floor(case as usize),
                wanted: &|case, expert, score| !duals.allow(case as usize, expert as usize, score),
            },
        );
        match found {
            Ok(Some(found)) => ControlFlow::Continue(found),
            _ => ControlFlow::Break(()),
        }
    }
}

/// Writes the instance of a programme, with as many pairs as its best plan needs to be proved for the whole.
pub(crate) fn gather(recipe: &Recipe, runs: usize, file: &Path) -> Result<()> {
    let programme = Programme::invent(recipe);
    let (settings, parameters) = (Settings::default(), Parameters::default());
    let required: BTreeSet<String> = ["BASE".to_owned(), "INTERCULTURAL".to_owned()].into();
    let context = Context {
        today: today(),
        settings: &settings,
        parameters: &parameters,
        required_modules: &required,
    };
    let experts: Vec<Expert<'_>> = programme
        .experts
        .iter()
        .map(|(postal_code, facts, traits)| Expert {
            postal_code: *postal_code,
            facts,
            traits,
        })
        .collect();
    let cases: Vec<Case<'_>> = programme
        .cases
        .iter()
        .map(|(postal_code, facts, traits)| Case {
            postal_code: *postal_code,
            facts,
            traits,
            histories: &[],
        })
        .collect();
    let (mut compiled, mut one, mut two) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let start = cpu()?;
        let pool = Pool::new(context.clone(), experts.clone())?;
        let middle = cpu()?;
        black_box(pool.rows(&cases, LISTED, 1, &|_| true)?);
        compiled.push(middle - start);
        one.push(cpu()? - start);
        let start = Instant::now();
        black_box(pool.rows(&cases, LISTED, 2, &|_| true)?);
        two.push(compiled[compiled.len() - 1] + start.elapsed().as_secs_f64());
    }
    let start = cpu()?;
    let pool = Pool::new(context, experts)?;
    let rows = pool.rows(&cases, LISTED, 1, &|_| true)?.ok_or("stopped")?;
    let cut = rows.bounds.iter().flatten().count();
    let bounds = rows.bounds;
    let listed = rows.experts.len();
    let instance = Instance::new(pool.capacities(), rows.offsets, rows.experts, rows.scores)?;
    let mut rest = Rest {
        pool: &pool,
        cases: &cases,
        bounds: &bounds,
    };
    let grown = solve_growing(instance, Objective::Participation, &[], &mut rest, &mut Silent)?;
    certify(&grown.instance, Objective::Participation, &[], &grown.solution)?;
    let whole_s = cpu()? - start;
    let start = cpu()?;
    black_box(pool.explain(&cases, 1, &|_| true)?);
    let explained_s = cpu()? - start;
    let unfinished = file.with_extension("unfinished");
    bmi::write(&grown.instance, BufWriter::new(File::create(&unfinished)?))?;
    fs::rename(unfinished, file)?;
    let first_s = one[0];
    let line = json!({
        "compiled_s": median(compiled), "candidates_first_s": first_s, "candidates_s": median(one),
        "candidates_two_threads_s": median(two),
        "listed": listed, "cut_rows": cut, "rounds": grown.rounds, "added": grown.added,
        "whole_s": whole_s, "explained_s": explained_s, "peak_kb": peak_kb()?,
    });
    println!("{line}");
    Ok(())
}
