use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(portcullis::cli::run(std::env::args_os()))
}

/// A plan is hundreds of thousands of small values: most of what the system's allocator costs for them is the
/// kernel's, page by page. Only where pages are surely of the size that jemalloc was built for: others it does
/// not survive.
#[cfg(all(feature = "jemalloc", target_os = "linux", target_arch = "x86_64"))]
mod memory {
    #[global_allocator]
    static JEMALLOC: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

    /// Large pages where the kernel gives them, one arena, and what is free goes back after a third of a
    /// second. A C string under the name by which jemalloc looks for it; tests/cli/memory.rs asks whether it does.
    #[unsafe(export_name = "_rjem_malloc_conf")]
    pub static SETTINGS: &[u8; 57] = b"thp:always,narenas:1,dirty_decay_ms:300,muzzy_decay_ms:0\0";
}
