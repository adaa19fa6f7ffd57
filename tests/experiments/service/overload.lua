-- wrk … -s overload.lua URL -- FIRST LAST SECONDS: asks for the explanations of the clients 1 to LAST in turn, from
-- FIRST on; each connection waits SECONDS on average before it asks again.

local last, client, pause
ok, refused, other, wrong = 0, 0, 0, 0

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  client, last, pause = tonumber(arguments[1]), tonumber(arguments[2]), 1000 * tonumber(arguments[3])
  math.randomseed(1)
end

function delay()
  return math.floor(2 * pause * math.random() + 0.5)
end

function request()
  client = client % last + 1
  return wrk.format("GET", "/get_shap?param_name=" .. client)
end

function response(status, _, body)
  if status == 200 then
    ok = ok + 1
    if body:sub(1, 12) ~= '{"values":[[' or body:sub(-2) ~= "]}" then wrong = wrong + 1 end
  elseif status == 503 then
    refused = refused + 1
  else
    other = other + 1
  end
end

function done(summary, latency)
  local found, errors = {}, summary.errors
  for _, name in ipairs({"ok", "refused", "other", "wrong"}) do
    local sum = 0
    for _, thread in ipairs(threads) do sum = sum + thread:get(name) end
    found[name] = sum
  end
  io.write(string.format(
    'load {"200": %d, "503": %d, "other": %d, "wrong": %d, "lost": %d, "seconds": %.3f, "p50": %.1f, "p99": %.1f}\n',
    found.ok, found.refused, found.other, found.wrong,
    errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
