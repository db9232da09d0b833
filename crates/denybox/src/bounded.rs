//! Deciding with bounds on time and memory: in a thread of its own, which is left behind where it exceeds them.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use denybox_core::decision::{Allowed, Decision, Input, Reason, Refusal};

use crate::policy_server;
use crate::run::judges::{Judges, JudgesError};

/// How much memory loading the policies and deciding may take, in bytes.
const MEMORY: usize = 256 << 20;
/// How long, beyond what a policy server may take: loading a large policy, and an evaluation whose own limit didn't work.
const TIME: Duration = Duration::from_secs(5);
/// How often a thread that is waited for is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// Judges who have a room of their own and get ready in it.
#[derive(Debug)]
pub struct Chamber {
    question: mpsc::Sender<Input>,
    outcome: mpsc::Receiver<Result<Outcome, JudgesError>>,
    began: u32,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The decision.
    pub decision: Result<Allowed, Box<Refusal>>,
    /// What is to be logged of it, and of the others that were asked: a JSON object each.
    pub log: Vec<String>,
}

impl Chamber {
    /// Starts getting judges ready. `log` writes down one decision, as a JSON object.
    pub fn open(
        appoint: impl FnOnce() -> Result<Judges, JudgesError> + Send + 'static,
        log: impl Fn(&Input, &Decision) -> Option<String> + Send + 'static,
    ) -> Self {
        let (question, asked) = mpsc::channel::<Input>();
        let (answer, outcome) = mpsc::channel();
        let began = denybox_sys::budget::stopped();
        thread::spawn(move || {
            denybox_sys::budget::limit_this_thread(MEMORY);
            let judges = match appoint() {
                Ok(judges) => judges,
                // Where nobody waits any more, nobody needs to know.
                Err(error) => return drop(answer.send(Err(error))),
            };
            if let Ok(input) = asked.recv() {
                let mut log_lines = Vec::new();
                let decision = judges.decide(&input, |decision| log_lines.extend(log(&input, decision)));
                drop(answer.send(Ok(Outcome { decision, log: log_lines })));
            }
        });
        Self { question, outcome, began }
    }

    /// The decision about `input`. Too much time or memory is a refusal.
    ///
    /// # Errors
    /// [`JudgesError`] where there is nobody to decide.
    pub fn decide(self, input: Input) -> Result<Outcome, JudgesError> {
        // A thread that is gone has said why.
        let _ = self.question.send(input);
        let end = Instant::now() + TIME + policy_server::TIME;
        loop {
            match self.outcome.recv_timeout(GLANCE) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Timeout) if denybox_sys::budget::stopped() > self.began => {
                    let message = format!("deciding takes more than {} MiB of memory", MEMORY >> 20);
                    return Ok(refused("policy-too-large", message));
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() < end => {}
                Err(RecvTimeoutError::Timeout) => {
                    let message =
                        format!("deciding takes more than {} s", (TIME + policy_server::TIME).as_secs());
                    return Ok(refused("policy-timed-out", message));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(refused("policy-panicked", "whoever decides panicked".to_owned()));
                }
            }
        }
    }
}

fn refused(code: &str, message: String) -> Outcome {
    Outcome { decision: Err(Box::new(Refusal::general(Reason::new(code, message)))), log: Vec::new() }
}
