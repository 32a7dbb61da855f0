-- One provider budget: a rolling minute of requests and tokens, the day's requests, and money.
-- KEYS: minute, day, purse of the day, purse of the month, and the purse of an undertaking if any.
-- ARGV: command, now ('' for the server's), then by command:
--   reserve (carry: the same, unchecked, for what was spent while Redis was away)
--            requests, tokens, micros, rpm, tpm, rpd, micros a day, micros a month (-1: no limit),
--            day boundaries, month boundaries (epoch seconds, comma between),
--            cap of the undertaking's purse, what it had spent when Redis does not know (-1: ask),
--            micros that it takes
--   adjust   slice second, requests, tokens, micros, day start, month start
--   lower    requests left (-1: not told), tokens left, seconds until they are full, pause seconds
local WINDOW = 61
local OWN_SECONDS = 40 * 86400
local minute, day, purse_day, purse_month, own = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now = tonumber(ARGV[2])
if not now then
  local clock = redis.call('TIME')
  now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
end
local second = math.floor(now)

local function number(key, field)
  return tonumber(redis.call('HGET', key, field)) or 0
end

local function forget_old()
  local first = tonumber(redis.call('HGET', minute, 'first'))
  if not first then return second end
  local last = second - WINDOW
  if last - first > WINDOW then
    -- Nothing of it counts any more; going through it second by second could take long.
    local names = {'paused', 'left_r', 'left_t', 'left_until'}
    local kept = redis.call('HMGET', minute, unpack(names))
    redis.call('DEL', minute)
    for place, name in ipairs(names) do
      if kept[place] then redis.call('HSET', minute, name, kept[place]) end
    end
    first = last + 1
  end
  while first <= last do
    for _, kind in ipairs({'r', 't'}) do
      local held = number(minute, kind .. first)
      if held ~= 0 then redis.call('HINCRBY', minute, kind, -held) end
      redis.call('HDEL', minute, kind .. first)
    end
    first = first + 1
  end
  redis.call('HSET', minute, 'first', first)
  return first
end

local function wait_for(kind, first, missing)
  local freed = 0
  for slice = first, second do
    freed = freed + number(minute, kind .. slice)
    if freed >= missing then return slice + WINDOW - now end
  end
  return WINDOW
end

local function span_of(boundaries)
  local start, finish = 0, 0
  for boundary in string.gmatch(boundaries, '[^,]+') do
    boundary = tonumber(boundary)
    if boundary <= now then start = boundary elseif finish == 0 then finish = boundary end
  end
  return start, finish
end

local function spent_since(key, start)
  if number(key, 'start') ~= start then return 0 end
  return number(key, 'spent')
end

local function spend(key, start, finish, spent, amount)
  redis.call('HSET', key, 'start', start, 'spent', string.format('%.0f', spent + amount))
  redis.call('EXPIRE', key, math.ceil(finish - now) + 3600)
end

local function put(slice, kind, amount)
  if amount ~= 0 then
    redis.call('HINCRBY', minute, kind .. slice, amount)
    redis.call('HINCRBY', minute, kind, amount)
  end
end

if ARGV[1] == 'reserve' or ARGV[1] == 'carry' then
  local requests, tokens, micros = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
  local rpm, tpm, rpd = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
  local own_spent, own_micros = 0, tonumber(ARGV[15])
  if own then
    own_spent = tonumber(redis.call('HGET', own, 'spent')) or tonumber(ARGV[14])
    if own_spent < 0 then
      if ARGV[1] == 'reserve' then return {'unknown'} end
      own = nil
    elseif ARGV[1] == 'reserve' and own_spent + own_micros > tonumber(ARGV[13]) then
      return {'purse', '0'}
    end
  end
  local first = forget_old()
  local day_start, day_end = span_of(ARGV[11])
  local month_start, month_end = span_of(ARGV[12])
  local day_spent = spent_since(day, day_start)
  local money_day = spent_since(purse_day, day_start)
  local money_month = spent_since(purse_month, month_start)
  local refused, wait = '', 0
  local function refuse(limit, seconds)
    if seconds > wait then refused, wait = limit, seconds end
  end
  local paused = number(minute, 'paused')
  if paused > now then refuse('requests_per_minute', paused - now) end
  local lowered_until = number(minute, 'left_until')
  local left = {r = -1, t = -1}
  if lowered_until > now then
    left.r = tonumber(redis.call('HGET', minute, 'left_r')) or -1
    left.t = tonumber(redis.call('HGET', minute, 'left_t')) or -1
  end
  local function check_minute(kind, limit, asked, name)
    local missing = number(minute, kind) + asked - limit
    if limit >= 0 and missing > 0 then refuse(name, wait_for(kind, first, missing)) end
    if left[kind] >= 0 and asked > left[kind] then refuse(name, lowered_until - now) end
  end
  check_minute('r', rpm, requests, 'requests_per_minute')
  check_minute('t', tpm, tokens, 'tokens_per_minute')
  if rpd >= 0 and day_spent + requests > rpd then refuse('requests_per_day', day_end - now) end
  local most_day, most_month = tonumber(ARGV[9]), tonumber(ARGV[10])
  if most_day >= 0 and money_day + micros > most_day then refuse('money', day_end - now) end
  if most_month >= 0 and money_month + micros > most_month then refuse('money', month_end - now) end
  if refused ~= '' and ARGV[1] == 'reserve' then
    return {refused, string.format('%.3f', wait)}
  end
  redis.call('HSETNX', minute, 'first', second)
  put(second, 'r', requests)
  put(second, 't', tokens)
  if left.r >= 0 then redis.call('HINCRBY', minute, 'left_r', -requests) end
  if left.t >= 0 then redis.call('HINCRBY', minute, 'left_t', -tokens) end
  redis.call('EXPIRE', minute, math.max(WINDOW + 1, math.ceil(lowered_until - now)))
  spend(day, day_start, day_end, day_spent, requests)
  if micros ~= 0 or most_day >= 0 then spend(purse_day, day_start, day_end, money_day, micros) end
  if micros ~= 0 or most_month >= 0 then
    spend(purse_month, month_start, month_end, money_month, micros)
  end
  if own then
    redis.call('HSET', own, 'spent', string.format('%.0f', own_spent + own_micros))
    redis.call('EXPIRE', own, OWN_SECONDS)
  end
  local function text(amount) return string.format('%.0f', amount) end
  local told = {text(second), text(day_start), text(month_start), text(number(minute, 'r')),
    text(number(minute, 't')), text(day_spent + requests), text(money_day + micros),
    text(money_month + micros), text(own_spent + own_micros)}
  -- One text: a client reads that faster than a list.
  return {'', table.concat(told, ' ')}
end

if ARGV[1] == 'adjust' then
  local slice, requests, tokens = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
  local micros = tonumber(ARGV[6])
  local first = forget_old()
  if slice >= first and slice > second - WINDOW and redis.call('EXISTS', minute) == 1 then
    put(slice, 'r', requests)
    put(slice, 't', tokens)
  end
  local function correct(key, start, amount)
    if amount ~= 0 and number(key, 'start') == start then
      local spent = math.max(0, number(key, 'spent') + amount)
      redis.call('HSET', key, 'spent', string.format('%.0f', spent))
    end
  end
  correct(day, tonumber(ARGV[7]), requests)
  correct(purse_day, tonumber(ARGV[7]), micros)
  correct(purse_month, tonumber(ARGV[8]), micros)
  if own and micros ~= 0 and redis.call('EXISTS', own) == 1 then
    local spent = math.max(0, number(own, 'spent') + micros)
    redis.call('HSET', own, 'spent', string.format('%.0f', spent))
    redis.call('EXPIRE', own, OWN_SECONDS)
  end
  return {''}
end

local requests_left, tokens_left = tonumber(ARGV[3]), tonumber(ARGV[4])
local until_full, pause = tonumber(ARGV[5]), tonumber(ARGV[6])
local keep = WINDOW + 1
if until_full > 0 then
  redis.call('HSET', minute, 'left_r', requests_left, 'left_t', tokens_left,
    'left_until', string.format('%.3f', now + until_full))
  keep = math.max(keep, math.ceil(until_full))
end
if pause > 0 then
  local paused = math.max(number(minute, 'paused'), now + pause)
  redis.call('HSET', minute, 'paused', string.format('%.3f', paused))
  keep = math.max(keep, math.ceil(paused - now))
end
redis.call('EXPIRE', minute, keep)
return {''}
