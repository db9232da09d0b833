//! The two messages of an SSH agent that signing takes (draft-ietf-sshm-ssh-agent, 3.6; PROTOCOL.agent of OpenSSH), without
//! the length that frames them on the socket.

use ssh_encoding::{Decode, Encode};
use ssh_key::Algorithm;

use super::ssh;

/// `SSH_AGENTC_SIGN_REQUEST`.
const SIGN_REQUEST: u8 = 13;
/// `SSH_AGENT_SIGN_RESPONSE`.
const SIGN_RESPONSE: u8 = 14;
/// `SSH_AGENT_FAILURE`.
const FAILURE: u8 = 5;

/// What an agent answers when it doesn't sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AgentAnswerError {
    /// It says no.
    #[error("it doesn't hold the key, or refuses to sign with it (ssh-add -l lists what it holds)")]
    Refused,
    /// It says something else.
    #[error("its answer is none to a request for a signature by an ssh-ed25519 key")]
    Malformed,
}

/// Asks for the signature of `public` over `bytes`.
pub fn sign_request(public: &[u8; 32], bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    // Into memory, of lengths that fit: nothing can fail.
    let written = key_blob(public).and_then(|blob| {
        SIGN_REQUEST.encode(&mut message)?;
        blob.as_slice().encode(&mut message)?;
        bytes.encode(&mut message)?;
        // No flags: they are for RSA.
        0_u32.encode(&mut message)
    });
    if written.is_err() { Vec::new() } else { message }
}

/// The raw signature in the answer. Whether it holds isn't looked at.
///
/// # Errors
/// [`AgentAnswerError`].
pub fn signature(answer: &[u8]) -> Result<[u8; 64], AgentAnswerError> {
    let malformed = |_| AgentAnswerError::Malformed;
    let mut rest = answer;
    match u8::decode(&mut rest).map_err(malformed)? {
        SIGN_RESPONSE => {}
        FAILURE => return Err(AgentAnswerError::Refused),
        _ => return Err(AgentAnswerError::Malformed),
    }
    let blob = Vec::<u8>::decode(&mut rest).map_err(malformed)?;
    let mut inner = blob.as_slice();
    let algorithm = String::decode(&mut inner).map_err(malformed)?;
    let raw = Vec::<u8>::decode(&mut inner).map_err(malformed)?;
    if algorithm != Algorithm::Ed25519.as_str() || !inner.is_empty() || !rest.is_empty() {
        return Err(AgentAnswerError::Malformed);
    }
    raw.try_into().map_err(|_| AgentAnswerError::Malformed)
}

fn key_blob(public: &[u8; 32]) -> Result<Vec<u8>, ssh_encoding::Error> {
    let mut blob = Vec::new();
    ssh::data(public).encode(&mut blob)?;
    Ok(blob)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_the_draft_says() {
        let message = sign_request(&[7; 32], b"abc");
        let mut expected = vec![13, 0, 0, 0, 51, 0, 0, 0, 11];
        expected.extend(b"ssh-ed25519");
        expected.extend([0, 0, 0, 32]);
        expected.extend([7; 32]);
        expected.extend([0, 0, 0, 3]);
        expected.extend(b"abc");
        expected.extend([0, 0, 0, 0]);
        assert_eq!(message, expected);
    }

    #[test]
    fn an_answer_is_a_signature_or_none() {
        let mut answer = vec![14, 0, 0, 0, 83, 0, 0, 0, 11];
        answer.extend(b"ssh-ed25519");
        answer.extend([0, 0, 0, 64]);
        answer.extend([9; 64]);
        assert_eq!(signature(&answer), Ok([9; 64]));
        for length in 0..answer.len() {
            assert_eq!(signature(&answer[..length]), Err(AgentAnswerError::Malformed), "{length}");
        }
        answer.push(0);
        assert_eq!(signature(&answer), Err(AgentAnswerError::Malformed));
        assert_eq!(signature(&[5]), Err(AgentAnswerError::Refused));
        assert_eq!(signature(&[6]), Err(AgentAnswerError::Malformed));
    }
}
