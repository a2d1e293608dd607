use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(portcullis::cli::run(std::env::args_os()))
}

/// A plan is hundreds of thousands of small values that live until the process ends: most of what the system's
/// allocator costs is the kernel's, page by page. Elsewhere than here pages may be of another size than
/// jemalloc was built for, which it does not survive.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod memory {
    #[global_allocator]
    static JEMALLOC: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

    /// Large pages where the kernel has them, one arena for the one thread that works, and nothing given back
    /// before the end. A C string, under the name by which jemalloc looks for its settings.
    #[unsafe(export_name = "_rjem_malloc_conf")]
    pub static SETTINGS: &[u8; 57] = b"thp:always,narenas:1,dirty_decay_ms:-1,muzzy_decay_ms:-1\0";
}
