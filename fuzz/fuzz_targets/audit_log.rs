#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| denybox_fuzz_replay::audit_log(data));
