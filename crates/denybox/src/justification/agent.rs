//! Signing by ssh-agent: one question on its socket, one answer.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use denybox_core::justification::key::agent::{self, AgentAnswerError};

/// How long somebody may take to confirm a signature, ssh-add(1) `-c`.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest answer that is read, in bytes: OpenSSH's own limit.
const ANSWER_MAX: u32 = 256 << 10;

/// Why the agent didn't sign.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// There is none.
    #[error(
        "the file holds a public key, and there is no ssh-agent to sign with its secret: SSH_AUTH_SOCK is not set"
    )]
    Absent,
    /// It can't be spoken to.
    #[error("cannot {step} ssh-agent at {}: {source}", .socket.display())]
    Socket {
        /// What failed: a verb that goes before the agent.
        step: &'static str,
        /// Its socket.
        socket: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It doesn't want to.
    #[error("ssh-agent at {}: {source}", .socket.display())]
    Answer {
        /// Its socket.
        socket: PathBuf,
        /// Why.
        #[source]
        source: AgentAnswerError,
    },
}

/// The raw signature over `bytes` by the agent's key `public`. Whether it holds isn't looked at.
///
/// # Errors
/// [`AgentError`].
pub fn sign(public: &[u8; 32], bytes: &[u8]) -> Result<[u8; 64], AgentError> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty());
    let socket = PathBuf::from(socket.ok_or(AgentError::Absent)?);
    let failed = |step| {
        let socket = socket.clone();
        move |source| AgentError::Socket { step, socket, source }
    };
    let mut stream = UnixStream::connect(&socket).map_err(failed("reach"))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed("wait for"))?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(failed("wait for"))?;
    let request = agent::sign_request(public, bytes);
    let length = u32::try_from(request.len()).map_err(|error| failed("ask")(io::Error::other(error)))?;
    stream
        .write_all(&length.to_be_bytes())
        .and_then(|()| stream.write_all(&request))
        .map_err(failed("ask"))?;
    let answer = answer(&mut stream).map_err(failed("hear"))?;
    agent::signature(&answer).map_err(|source| AgentError::Answer { socket, source })
}

fn answer(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > ANSWER_MAX {
        return Err(io::Error::other(format!("an answer of {length} bytes is too long")));
    }
    let mut answer = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}
