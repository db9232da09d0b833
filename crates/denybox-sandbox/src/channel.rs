//! The typed channel between the supervisor and what it starts: a stream of framed messages with descriptors.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Most descriptors in one message; the kernel's limit is 253 (`SCM_MAX_FD`, unix(7)).
const MOST_DESCRIPTORS: usize = 250;
/// Longest message, bytes: arguments and environment together are at most a few MiB.
const LONGEST: u32 = 16 << 20;
const HEADER: usize = 5;

/// One end of a channel.
#[derive(Debug)]
pub struct Channel(OwnedFd);

impl Channel {
    /// Two connected ends.
    ///
    /// # Errors
    /// Those of socketpair(2).
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        Ok((Self(one), Self(other)))
    }

    /// Sends one message and copies of some descriptors.
    ///
    /// # Errors
    /// `EPIPE` when the other end is gone; `EMSGSIZE` for more than a frame can carry.
    pub fn send<T: Serialize>(&self, message: &T, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let body = postcard::to_stdvec(message).map_err(io::Error::other)?;
        let length = u32::try_from(body.len()).ok().filter(|length| *length <= LONGEST);
        let (Some(length), true) = (length, descriptors.len() <= MOST_DESCRIPTORS) else {
            return Err(Errno::MSGSIZE.into());
        };
        let mut whole = Vec::with_capacity(HEADER + body.len());
        whole.push(descriptors.len() as u8);
        whole.extend(length.to_le_bytes());
        whole.extend(body);

        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        // The stage and PID 1 tell their news at the same time, through copies of one end. What is sent by one call
        // stays together as long as it fits one buffer of the kernel's, at least 16 KiB; news are far shorter, and the
        // plan, which may be longer, is sent before there is anybody else.
        let sent = retry(|| sendmsg(&self.0, &[IoSlice::new(&whole)], &mut control, SendFlags::NOSIGNAL))?;
        let mut left = whole.get(sent..).unwrap_or_default();
        while !left.is_empty() {
            let sent = retry(|| rustix::net::send(&self.0, left, SendFlags::NOSIGNAL))?;
            left = left.get(sent..).unwrap_or_default();
        }
        Ok(())
    }

    /// Waits for one message; `None` when the other end was closed between messages, also where it left something unread.
    ///
    /// # Errors
    /// `UnexpectedEof` when it was closed within one, `InvalidData` when it is malformed.
    pub fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut header = [0; HEADER];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = retry(|| {
            recvmsg(&self.0, &mut [IoSliceMut::new(&mut header)], &mut control, RecvFlags::CMSG_CLOEXEC)
        });
        let received = match received {
            // An end that is closed before it has read everything resets the connection, unix(7); what it had sent
            // before was received first.
            Err(Errno::CONNRESET) => return Ok(None),
            other => other?,
        };
        if received.bytes == 0 {
            return Ok(None);
        }
        let descriptors: Vec<OwnedFd> = control
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(fds) => Some(fds),
                _ => None,
            })
            .flatten()
            .collect();
        if let Some(rest) = header.get_mut(received.bytes..) {
            self.fill(rest)?;
        }
        let [count, length @ ..] = header;
        let length = u32::from_le_bytes(length);
        if length > LONGEST || descriptors.len() != usize::from(count) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; length as usize];
        self.fill(&mut body)?;
        let message =
            postcard::from_bytes(&body).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Some((message, descriptors)))
    }

    fn fill(&self, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            let (read, _) = retry(|| rustix::net::recv(&self.0, &mut *buffer, RecvFlags::empty()))?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer = buffer.get_mut(read..).unwrap_or_default();
        }
        Ok(())
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Repeats a call that a signal interrupted.
fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
}
