{
  "variables": { "nsatlas_sanitize%": 0 },
  "targets": [
    {
      "target_name": "nsatlas",
      "sources": [
        "native/addon.cc",
        "native/event_rules.cc",
        "native/filter.cc",
        "native/frames.cc",
        "native/job.cc",
        "native/lane.cc",
        "native/netlink_reply.cc",
        "native/netns.cc",
        "native/observer.cc",
        "native/observer_addon.cc",
        "native/observer_events.cc",
        "native/reader.cc",
        "native/reader_rows.cc",
        "native/row_collector.cc",
        "native/row_format.cc",
        "native/row_teller.cc",
        "native/rows.cc",
        "native/sd_notify.cc",
        "native/socket.cc",
        "native/thread.cc",
        "native/waker.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "_GNU_SOURCE"],
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
