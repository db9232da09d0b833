//! Evaluating a policy that was compiled in advance: those that ship. `build.rs` compiles them.
//!
//! The compiled form is fast and, in regorus 0.14, not in all things true to the language, so it is used for the rules
//! of this project alone: a test compares it with the interpreter on every decision of the table and on generated ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use regorus::Value;
use regorus::rvm::program::DeserializationResult;
use regorus::rvm::vm::VmError;
use regorus::rvm::{Program, RegoVM};

use super::fault::Fault;
use super::{TIMER, limits};

/// A compiled policy, and a machine that is ready to run it.
#[derive(Debug)]
pub(super) struct Compiled {
    program: &'static [u8],
    /// Kept from one evaluation to the next; gone after one that panicked.
    ready: Mutex<Option<RegoVM>>,
}

impl Compiled {
    pub(super) fn new(program: &'static [u8]) -> Self {
        Self { program, ready: Mutex::new(None) }
    }

    /// Makes the machine ready now; the first evaluation would otherwise.
    pub(super) fn make_ready(&self) {
        if let Ok(machine) = self.machine() {
            self.keep(machine);
        }
    }

    /// The value of the policy's `answer`.
    pub(super) fn answer(&self, policy: &str, question: Value) -> Result<Value, Fault> {
        let mut machine = self.machine()?;
        // The machine moves in and comes out only after a clean end: nothing half-changed is seen after a panic.
        let (machine, value) = catch_unwind(AssertUnwindSafe(move || {
            machine.set_input(question);
            let value = machine.execute_entry_point_by_index(0);
            (machine, value)
        }))
        .map_err(|_| Fault::Panicked)?;
        self.keep(machine);
        match value.map_err(|error| Fault::Error(format!("the policy failed: {error}")))? {
            Value::Undefined => {
                Err(Fault::Undefined { policy: policy.to_owned(), rule: "answer".to_owned() })
            }
            value => Ok(value),
        }
    }

    fn machine(&self) -> Result<RegoVM, Fault> {
        let kept = self.ready.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.map_or_else(|| catch_unwind(|| self.load()).map_err(|_| Fault::Panicked)?, Ok)
    }

    fn keep(&self, machine: RegoVM) {
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = Some(machine);
    }

    fn load(&self) -> Result<RegoVM, Fault> {
        let program = match Program::deserialize_binary(self.program) {
            Ok(DeserializationResult::Complete(program)) => program,
            Ok(DeserializationResult::Partial(_)) => {
                return Err(Fault::Error(
                    "the compiled policy is of another version of the engine".to_owned(),
                ));
            }
            Err(error) => return Err(Fault::Error(format!("the compiled policy can't be read: {error}"))),
        };
        let mut machine = RegoVM::new();
        machine.load_program(Arc::new(program));
        machine.set_data(Value::new_object()).map_err(|error: VmError| Fault::Error(error.to_string()))?;
        machine.set_max_instructions(limits::INSTRUCTIONS);
        machine.set_execution_timer_config(Some(TIMER));
        Ok(machine)
    }
}
