{
  "variables": { "nsatlas_sanitize%": 0 },
  "targets": [
    {
      "target_name": "nsatlas",
      "sources": [
        "native/napi/addon.cc",
        "native/napi/js_waker.cc",
        "native/netlink/genl.cc",
        "native/netlink/read_only.cc",
        "native/netlink/reply.cc",
        "native/netlink/socket.cc",
        "native/netns/exchange.cc",
        "native/netns/frames.cc",
        "native/netns/job.cc",
        "native/netns/lane.cc",
        "native/netns/open.cc",
        "native/netns/proc_file.cc",
        "native/netns/reader.cc",
        "native/netns/row_reporter.cc",
        "native/observer/event_rules.cc",
        "native/observer/events.cc",
        "native/observer/observer.cc",
        "native/process/failure.cc",
        "native/process/sd_notify.cc",
        "native/process/thread.cc",
        "native/rows/filter.cc",
        "native/rows/row_collector.cc",
        "native/rows/row_format.cc",
        "native/rows/rows.cc"
      ],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      # Where an environment ends, as a worker's does at terminate(), nothing can be thrown any more: that is no reason to abort the process.
      "defines": [
        "NAPI_VERSION=8",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "_GNU_SOURCE"
      ],
      "cflags": ["-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"],
      # Exceptions of the standard library (bad_alloc) are caught at the borders of threads and of N-API.
      "cflags_cc!": ["-fno-exceptions", "-std=gnu++17"],
      "cflags_cc": ["-std=c++17", "-fexceptions"],
      # Detached threads may outlive the environment that loaded the addon: its code must stay mapped.
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-z,relro", "-Wl,-z,now"],
      "conditions": [
        ["nsatlas_sanitize==1", {
          "cflags": ["-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-fno-sanitize-recover=undefined", "-g", "-O1"],
          "cflags!": ["-O3", "-O2"],
          "ldflags": ["-fsanitize=address,undefined"]
        }]
      ]
    }
  ]
}
