-- Sliding windows of several limits, all or nothing. KEYS: one hash a limit.
-- ARGV: 'hit' or 'look', now ('' for the server's), then for each limit: amount, window seconds.
-- Returns the place of the limit that refused (0: none), then count before, count now and how far
-- the window has gone (0 to 1) of each, all in one text: a client reads that faster than a list.
local now = tonumber(ARGV[2])
if not now then
  local clock = redis.call('TIME')
  now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
end
local refused, windows, answer = 0, {}, {0}
for place, key in ipairs(KEYS) do
  local limit, seconds = tonumber(ARGV[1 + place * 2]), tonumber(ARGV[2 + place * 2])
  local index = math.floor(now / seconds)
  local held = redis.call('HMGET', key, 'index', 'count', 'before')
  local known, count, before = tonumber(held[1]), tonumber(held[2]) or 0, tonumber(held[3]) or 0
  if known == index - 1 then
    before, count = count, 0
  elseif known ~= index then
    before, count = 0, 0
  end
  local gone = now / seconds - index
  if refused == 0 and math.ceil(before * (1 - gone)) + count + 1 > limit then refused = place end
  windows[place] = {index = index, count = count, before = before, gone = gone, seconds = seconds}
end
for place, key in ipairs(KEYS) do
  local window = windows[place]
  if refused == 0 and ARGV[1] == 'hit' then
    window.count = window.count + 1
    redis.call('HSET', key, 'index', window.index, 'count', window.count, 'before', window.before)
    redis.call('EXPIRE', key, math.ceil(window.seconds * 2))
  end
  answer[#answer + 1] = tostring(window.before)
  answer[#answer + 1] = tostring(window.count)
  answer[#answer + 1] = string.format('%.6f', window.gone)
end
answer[1] = tostring(refused)
return table.concat(answer, ' ')
