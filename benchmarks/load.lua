-- wrk … -s load.lua URL -- FILE: sends the requests of FILE over and over, one a line, "PATH" or "PATH BODY".

local requests, current = {}, 0

function init(arguments)
  wrk.headers["Content-Type"] = "application/json"
  for line in io.lines(arguments[1]) do
    local path, body = line:match("^(%S+) ?(.*)$")
    if body == "" then
      requests[#requests + 1] = wrk.format("GET", path)
    else
      requests[#requests + 1] = wrk.format("POST", path, nil, body)
    end
  end
end

function request()
  current = current % #requests + 1
  return requests[current]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'load {"requests": %d, "seconds": %.6f, "failed": %d, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(99) / 1e3
  ))
end
