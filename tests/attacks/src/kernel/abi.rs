//! The other two doors into an x86-64 kernel: x32 numbers and the 32-bit gate.

use std::io;

/// The bit that marks a number of the x32 table.
const X32_BIT: libc::c_long = 0x4000_0000;

/// Makes a system call through the x32 table. Its arguments are plain values.
pub fn x32(number: libc::c_long, first: usize, second: usize, third: usize) -> io::Result<usize> {
    super::raw(X32_BIT | number, [first, second, third, 0, 0, 0])
}

/// Makes a system call of the 32-bit table by `int 0x80`. Its arguments are plain values.
#[cfg(target_arch = "x86_64")]
pub fn int80(number: u32, arguments: [u32; 5]) -> io::Result<u32> {
    let [first, second, third, fourth, fifth] = arguments;
    let mut base = u64::from(first);
    let mut result = i64::from(number);
    // SAFETY: the gate reads the registers given here; rbx, which the compiler keeps for itself, is put back;
    // r8 to r11 are declared lost. The arguments are values, so no memory is touched.
    unsafe {
        std::arch::asm!(
            "xchg rbx, {base}",
            "int 0x80",
            "xchg rbx, {base}",
            base = inout(reg) base,
            inlateout("rax") result,
            in("rcx") u64::from(second),
            in("rdx") u64::from(third),
            in("rsi") u64::from(fourth),
            in("rdi") u64::from(fifth),
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    let _ = base;
    // The gate answers with 32 bits, sign-extended by some kernels and not by others.
    let low = result as i32;
    if (-4095..0).contains(&low) { Err(io::Error::from_raw_os_error(-low)) } else { Ok(low as u32) }
}

/// There is no such gate on this architecture.
#[cfg(not(target_arch = "x86_64"))]
pub fn int80(_number: u32, _arguments: [u32; 5]) -> io::Result<u32> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
