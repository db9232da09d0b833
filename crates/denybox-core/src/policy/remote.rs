//! Asking somebody else to evaluate: an OPA server's data API. Who transports the question is the caller's business; what
//! counts as an answer is decided here, and everything else is a refusal.

use regorus::Value;

use super::answer::{self, Answer};
use super::fault::Fault;
use super::question::Question;
use super::{Policy, complete, conclude, id, unanswered};
use crate::decision::{Decision, INPUT_VERSION, Input, Reason};

/// The rule that a plain `true` names.
const SERVER_RULE: &str = "policy-server";

impl Policy {
    /// Decides about `input` by what `ask` brings back for it: given the body of the request, `{"input": …}`, the body
    /// of the response, `{"result": …}`. The result is an [`Answer`], or plain `true` or `false` for the whole surface.
    /// `name` is whose decision it is.
    pub fn decide_remotely(
        name: &str,
        input: &Input,
        ask: impl FnOnce(&str) -> Result<String, String>,
    ) -> Decision {
        let input = complete(input);
        let id = id(name, &input);
        let judged = if input.version == INPUT_VERSION {
            let answer = question(&Question::new(&input)).and_then(|body| ask(&body)).map_err(Fault::Error);
            match answer.and_then(|body| result(name, &body, input.surface.exposures.len())) {
                Ok(answer) => answer.into_verdicts(&input.surface.exposures, input.justifications.len(), &[]),
                Err(fault) => unanswered(fault.into()),
            }
        } else {
            let message = format!("inputs of version {INPUT_VERSION} are sent, not {}", input.version);
            unanswered(Reason::new("unsupported-version", message))
        };
        conclude(name, id, input, judged)
    }
}

fn question(question: &Question<'_>) -> Result<String, String> {
    let input = serde_json::to_string(question)
        .map_err(|error| format!("the policy input can't be written: {error}"))?;
    Ok(format!("{{\"input\":{input}}}"))
}

/// What a response says about `exposures` exposures.
fn result(name: &str, body: &str, exposures: usize) -> Result<Answer, Fault> {
    let malformed =
        |what: String| Fault::Error(format!("{name} answered with something else than a result: {what}"));
    let response = Value::from_json_str(body).map_err(|error| malformed(error.to_string()))?;
    let fields = response.as_object().map_err(|_| malformed("no JSON object".to_owned()))?;
    match fields.get(&Value::from("result")) {
        // As OPA says that a rule is undefined.
        None => Err(Fault::Undefined { policy: name.to_owned(), rule: "result".to_owned() }),
        Some(Value::Bool(true)) => Ok(Answer {
            allow: (0..exposures).map(|index| (index, SERVER_RULE.to_owned(), None)).collect(),
            ..Answer::default()
        }),
        Some(Value::Bool(false)) => Ok(Answer {
            deny: vec![answer::Objection {
                index: None,
                code: "policy-server-refused".to_owned(),
                rule: None,
                message: Some(format!("{name} says no, and not why")),
                remedy: None,
            }],
            ..Answer::default()
        }),
        Some(value) => Answer::from_value(value).map_err(|error| malformed(error.to_string())),
    }
}
