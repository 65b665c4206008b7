//! Real workers over a real Redis, which may lose what it has.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use redis::AsyncCommands;
use strum::VariantArray;
use tandem_operations::{
    App,
    jobs::{self as promises, Job, JobContext, JobError, JobKind, Queue, State},
};
use tandem_storage::jobs;
use tandem_worker::{
    Queues, Registry, Relay, Settings, capacity, serve,
    sweeps::{finished, undispatched},
};
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinHandle,
};

use crate::stage::{Stage, effect, env};

fn working() -> Registry {
    Registry::new().on(JobKind::SendEmail, |app, _, context| async move {
        effect(&app, &context, "done").await
    })
}

struct Worker {
    stop: oneshot::Sender<()>,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Worker {
    async fn start(stage: &Stage, queues: &Queues, registry: Registry, settings: Settings) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (say_ready, ready) = oneshot::channel();
        let (app, queues) = (stage.app.clone(), queues.clone());
        let running = tokio::spawn(async move {
            let ready = || say_ready.send(()).unwrap();
            let stopped = async { drop(stopped.await) };
            serve(app, queues, registry, settings, ready, stopped).await
        });
        ready.await.expect("the worker becomes ready");
        Self { stop, running }
    }

    async fn stop(self) {
        drop(self.stop);
        self.running.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_job_has_its_effect_once_though_redis_says_everything_three_times() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    let ids = stage.promise_mails(300).await;
    for _ in 0..3 {
        queues.push(Queue::Mail, &ids, stage.app.now()).await.unwrap();
    }
    let one = Worker::start(&stage, &queues, working(), Settings::default()).await;
    let other = Worker::start(&stage, &stage.queues().await, working(), Settings::default()).await;
    stage.until_all_done().await;
    // What is left are duplicates: they are taken and found done before the workers stop.
    while queues.depths().await.unwrap().waiting[&Queue::Mail] > 0 {
        tokio::task::yield_now().await;
    }
    one.stop().await;
    other.stop().await;
    assert_eq!(stage.effects().await, [1; 300]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_waits_for_overtakes_thousands_of_mails() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    let gate = Arc::new(Semaphore::new(0));
    let passing = gate.clone();
    let registry = Registry::new()
        .on(JobKind::SendEmail, move |app, _, context| {
            let gate = passing.clone();
            async move {
                if !urgent(&app, &context).await {
                    gate.acquire().await.expect("the gate stays").forget();
                }
                effect(&app, &context, "done").await
            }
        })
        .on(JobKind::SignInRequest, |app, _, context| async move {
            effect(&app, &context, "done").await
        });
    let ordinary = stage.promise_mails(2_000).await;
    let worker = Worker::start(&stage, &queues, registry, Settings::default()).await;
    stage
        .until("SELECT count(*) = 8 FROM jobs WHERE state = 'RUNNING'")
        .await;
    stage
        .promise(&[Job::SignInRequest {
            request: stage.app.id(),
        }])
        .await;
    let mut conn = stage.conn().await;
    promises::enqueue_urgent(
        &mut conn,
        &stage.app,
        &[Job::SendEmail {
            delivery: stage.app.id(),
        }],
        stage.app.now(),
    )
    .await
    .unwrap();
    stage
        .until("SELECT count(*) = 2 FROM effects WHERE what = 'done'")
        .await;
    let done: Vec<Queue> = jobs::counts(&mut conn)
        .await
        .unwrap()
        .into_iter()
        .filter(|count| count.state == State::Done)
        .map(|count| count.queue)
        .collect();
    assert_eq!(done, [Queue::Urgent]);
    gate.add_permits(ordinary.len());
    stage.until_all_done().await;
    worker.stop().await;
    stage.close().await;
}

async fn urgent(app: &App, context: &JobContext) -> bool {
    let mut conn = app.db.acquire().await.unwrap();
    let job = jobs::find(&mut conn, context.id).await.unwrap().unwrap();
    job.queue == Queue::Urgent
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_flushed_loses_nothing() {
    let stage = Stage::in_real_time().await;
    // A database of its own within that Redis: flushing it is to this test what FLUSHALL is to a worker.
    let mut url: url::Url = env("REDIS_URL").parse().unwrap();
    url.set_path("/9");
    let queues = Queues::connect(url.as_str(), &stage.database).await.unwrap();
    let gate = Arc::new(Semaphore::new(20));
    let passing = gate.clone();
    let registry = Registry::new().on(JobKind::SendEmail, move |app, _, context| {
        let gate = passing.clone();
        async move {
            gate.acquire().await.expect("the gate stays").forget();
            effect(&app, &context, "done").await
        }
    });
    let worker = Worker::start(&stage, &queues, registry, Settings::default()).await;
    stage.promise_mails(300).await;
    stage
        .until("SELECT count(*) > 250 FROM jobs WHERE state = 'DISPATCHED'")
        .await;
    let client = redis::Client::open(url.as_str()).unwrap();
    let mut conn = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("FLUSHDB").query_async(&mut conn).await.unwrap();
    gate.add_permits(1_000);
    stage.until_all_done().await;
    worker.stop().await;
    assert_eq!(stage.effects().await, [1; 300]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatch_that_redis_forgot_is_made_again() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    stage.promise_mails(20).await;
    Relay::new(stage.app.clone(), queues.clone())
        .pass()
        .await
        .unwrap();
    let client = redis::Client::open(env("REDIS_URL")).unwrap();
    let mut conn = client.get_multiplexed_async_connection().await.unwrap();
    let scheduled = format!("{{{}:mail}}:scheduled", stage.database);
    assert_eq!(conn.zcard::<_, u64>(&scheduled).await.unwrap(), 20);
    let sweep = || undispatched::sweep(&stage.app, &queues, Duration::ZERO);
    assert_eq!(
        sweep().await.unwrap(),
        0,
        "what waits its turn is not given twice"
    );
    let () = conn.del(&scheduled).await.unwrap();
    let settings = Settings {
        patience: Duration::from_millis(500),
        ..Settings::default()
    };
    let worker = Worker::start(&stage, &queues, working(), settings).await;
    stage.until_all_done().await;
    worker.stop().await;
    assert_eq!(stage.effects().await, [1; 20]);
    stage.close().await;
}

#[tokio::test]
async fn a_job_that_redis_knows_already_can_be_dispatched_again() {
    let stage = Stage::new().await;
    let queues = stage.queues().await;
    let ids = stage.promise_mails(1).await;
    for times in 1..=3 {
        stage.clock.advance(chrono::TimeDelta::seconds(1));
        queues.push(Queue::Mail, &ids, stage.app.now()).await.unwrap();
        assert_eq!(queues.depths().await.unwrap().waiting[&Queue::Mail], times);
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_never_holds_more_than_two_thousand() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    let mut promised: Vec<Job> = Vec::new();
    for _ in 0..3_000 {
        promised.push(Job::SendEmail {
            delivery: stage.app.id(),
        });
        promised.push(Job::SignInRequest {
            request: stage.app.id(),
        });
        promised.push(Job::MatchingRun { run: stage.app.id() });
        promised.push(Job::NextAlternate {
            matching: stage.app.id(),
        });
    }
    stage.promise(&promised).await;
    let relays = [
        Relay::new(stage.app.clone(), queues.clone()),
        Relay::new(stage.app.clone(), stage.queues().await),
    ];
    for _ in 0..3 {
        while relays[0].pass().await.unwrap() + relays[1].pass().await.unwrap() > 0 {}
        let depths = queues.depths().await.unwrap();
        for queue in Queue::VARIANTS {
            assert_eq!(depths.waiting[queue], capacity(*queue), "{queue}");
        }
        // Dispatched again, while the ids still wait: Redis is asked as well, not the ledger alone.
        jobs::undispatch_all(&mut stage.conn().await).await.unwrap();
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_finishes_what_it_is_at() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    let gate = Arc::new(Semaphore::new(0));
    let passing = gate.clone();
    let registry = Registry::new().on(JobKind::SendEmail, move |app, _, context| {
        let gate = passing.clone();
        async move {
            effect(&app, &context, "begun").await?;
            gate.acquire().await.expect("the gate stays").forget();
            effect(&app, &context, "done").await
        }
    });
    let worker = Worker::start(&stage, &queues, registry, Settings::default()).await;
    stage.promise_mails(1).await;
    stage
        .until("SELECT EXISTS (SELECT FROM effects WHERE what = 'begun')")
        .await;
    drop(worker.stop);
    gate.add_permits(1);
    worker.running.await.unwrap().unwrap();
    stage.until_all_done().await;
    assert_eq!(stage.attempts_that("done").await, [1]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_ends_with_its_last_job_and_not_with_the_grace() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    let gate = Arc::new(Semaphore::new(0));
    let passing = gate.clone();
    let registry = Registry::new().on(JobKind::SendEmail, move |app, _, context| {
        let gate = passing.clone();
        async move {
            effect(&app, &context, "begun").await?;
            gate.acquire().await.expect("the gate stays").forget();
            Ok(())
        }
    });
    let patient = Settings {
        grace: Duration::from_secs(24 * 60 * 60),
        ..Settings::default()
    };
    let worker = Worker::start(&stage, &queues, registry, patient).await;
    stage.promise_mails(30).await;
    stage
        .until("SELECT count(*) = 8 FROM effects WHERE what = 'begun'")
        .await;
    drop(worker.stop);
    gate.add_permits(1_000);
    // far below the grace, and far above what ending takes
    let ended = tokio::time::timeout(Duration::from_secs(120), worker.running).await;
    ended.expect("it ends by itself").unwrap().unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_one_kind_do_not_stand_before_those_of_another() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    let gate = Arc::new(Semaphore::new(0));
    let passing = gate.clone();
    let registry = working()
        .on(JobKind::SendEmail, move |_, _, _| {
            let gate = passing.clone();
            async move {
                gate.acquire().await.expect("the gate stays").forget();
                Ok(())
            }
        })
        .on(JobKind::MatchingRun, |app, _, context| async move {
            effect(&app, &context, "done").await
        });
    let worker = Worker::start(&stage, &queues, registry, Settings::default()).await;
    stage.promise_mails(200).await;
    stage.promise(&[Job::MatchingRun { run: stage.app.id() }]).await;
    stage
        .until("SELECT EXISTS (SELECT FROM jobs WHERE kind = 'MATCHING_RUN' AND state = 'DONE')")
        .await;
    gate.add_permits(1_000);
    stage.until_all_done().await;
    worker.stop().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_jobs_run_at_a_time_as_was_set_and_no_more() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (running, highest) = (now.clone(), most.clone());
    let registry = Registry::new().on(JobKind::SendEmail, move |app, _, context| {
        let (now, most) = (running.clone(), highest.clone());
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let done = effect(&app, &context, "done").await;
            now.fetch_sub(1, Ordering::SeqCst);
            done
        }
    });
    let settings = Settings {
        mail: 3,
        ..Settings::default()
    };
    let worker = Worker::start(&stage, &queues, registry, settings).await;
    stage.promise_mails(200).await;
    stage.until_all_done().await;
    worker.stop().await;
    assert!((2..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_finished_leaves_nothing_in_redis() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    let registry = Registry::new().on(JobKind::SendEmail, |_, _, context| async move {
        if context.attempt == 1 {
            Err(JobError::Fail("no such address".into()))
        } else {
            Ok(())
        }
    });
    let worker = Worker::start(&stage, &queues, registry, Settings::default()).await;
    stage.promise_mails(50).await;
    stage
        .until("SELECT NOT EXISTS (SELECT FROM jobs WHERE state <> 'DEAD')")
        .await;
    worker.stop().await;
    finished::sweep(&queues, Queue::Mail).await.unwrap();
    let client = redis::Client::open(env("REDIS_URL")).unwrap();
    let mut conn = client.get_multiplexed_async_connection().await.unwrap();
    let left: Vec<String> = conn.keys(format!("{{{}:mail}}:*", stage.database)).await.unwrap();
    assert!(left.iter().all(|key| key.contains(":workers")), "{left:?}");
    let dead = jobs::counts(&mut stage.conn().await).await.unwrap();
    assert_eq!((dead.len(), dead[0].state), (1, State::Dead));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_thousand_mails_pass() {
    let stage = Stage::in_real_time().await;
    let queues = stage.queues().await;
    let worker = Worker::start(&stage, &queues, working(), Settings::default()).await;
    let begin = Instant::now();
    stage.promise_mails(3_000).await;
    stage.until_all_done().await;
    println!(
        "3,000 jobs from promise to done in {} ms",
        begin.elapsed().as_millis()
    );
    worker.stop().await;
    assert_eq!(stage.effects().await.len(), 3_000);
    stage.close().await;
}
