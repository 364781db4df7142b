{
  "targets": [
    {
      "target_name": "tiesmith",
      "sources": [
        "native/bindings/addon.cc",
        "native/bindings/analysis.cc",
        "native/bindings/analysis_result.cc",
        "native/bindings/chunk_job.cc",
        "native/bindings/chunk_output.cc",
        "native/bindings/chunk_result.cc",
        "native/bindings/draft_job.cc",
        "native/bindings/drafts.cc",
        "native/bindings/encoded_output.cc",
        "native/bindings/files.cc",
        "native/bindings/guarded_read.cc",
        "native/bindings/kernels.cc",
        "native/bindings/output_folder.cc",
        "native/bindings/thread_clock.cc",
        "native/drafts/draft.cc",
        "native/drafts/draft_store.cc",
        "native/gguf/encode.cc",
        "native/io/borrowed_cache.cc",
        "native/io/mapped_file.cc",
        "native/io/output_file.cc",
        "native/io/output_folder.cc",
        "native/io/page_guard.cc",
        "native/io/pages.cc",
        "native/io/pages_done.cc",
        "native/io/read_ahead.cc",
        "native/io/xxh3.cc",
        "native/kernels/kernel_sets.cc",
        "native/kernels/kernels_avx2.cc",
        "native/kernels/kernels_avx512.cc",
        "native/kernels/kernels_neon.cc",
        "native/kernels/kernels_scalar.cc"
      ],
      "include_dirs": [
        "native",
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "<!(node -p \"require('node:path').dirname(require.resolve('xxhash-addon/package.json'))\")/xxHash"
      ],
      "cflags_cc!": ["-fno-exceptions", "-std=gnu++17"],
      "cflags_cc": ["-std=c++20", "-O3", "-ffp-contract=off", "-fno-fast-math", "-fno-tree-slp-vectorize", "-fexceptions", "-fvisibility=hidden"],
      "ldflags": ["-Wl,-z,nodelete"]
    }
  ]
}
