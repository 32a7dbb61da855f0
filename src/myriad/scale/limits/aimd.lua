-- KEYS: buckets. ARGV: command, now ('' for the server's), pause, seconds to keep; then for each
-- bucket start, floor, ceiling, burst, growth, cut, cut interval. Returns wait and lowest rate.
local now = tonumber(ARGV[2])
if not now then
  local clock = redis.call('TIME')
  now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
end
local pause, keep = tonumber(ARGV[3]), tonumber(ARGV[4])
local wait, lowest = 0, math.huge
for place, key in ipairs(KEYS) do
  local policy = {}
  for number = 1, 7 do
    policy[number] = tonumber(ARGV[4 + (place - 1) * 7 + number])
  end
  local start, floor, ceiling, burst, growth, cut, interval = unpack(policy)
  local held = redis.call('HMGET', key, 'rate', 'tokens', 'at', 'cut_at', 'paused_until')
  local rate, tokens = tonumber(held[1]) or start, tonumber(held[2]) or burst
  local at, cut_at = tonumber(held[3]) or now, tonumber(held[4]) or -1e9
  local paused_until = tonumber(held[5]) or 0
  local elapsed = math.max(0, now - at)
  tokens = math.min(burst, tokens + elapsed * rate)
  rate = math.min(ceiling, rate * (1 + growth) ^ (elapsed / 60))
  at = math.max(at, now)
  if ARGV[1] == 'take' then
    tokens = tokens - 1
    wait = math.max(wait, -tokens / rate, paused_until - now)
  else
    paused_until = math.max(paused_until, now + pause)
    if now - cut_at >= interval then
      rate = math.max(floor, rate * cut)
      tokens = math.min(tokens, 0)
      cut_at = now
    end
  end
  lowest = math.min(lowest, rate)
  redis.call('HSET', key, 'rate', string.format('%.17g', rate), 'tokens', string.format('%.17g', tokens),
    'at', string.format('%.17g', at), 'cut_at', string.format('%.17g', cut_at),
    'paused_until', string.format('%.17g', paused_until))
  redis.call('EXPIRE', key, keep)
end
return {string.format('%.17g', wait), string.format('%.17g', lowest)}
