-- Claims identities for their first (source, offset); answers with who did not get theirs.
--
-- KEYS[1] prefix of the buckets       KEYS[2] where Redis keeps the id of its deployment
-- ARGV[1] that id, as the claimer knows it
-- ARGV[2] how long a bucket outlives the later of now and the end of its hour, in ms; -1: for ever
-- ARGV[3] records of 24 bytes: bucket key [8] = hour, number; fingerprint [8]; owner [8]
-- Reply: the losers' places in ARGV[3], two bytes each.
--
-- The clock is Redis' own, so a worker's clock cannot shorten a claim. Who makes a bucket sets its expiry in the same
-- script: a bucket without one cannot be left behind, neither by a crash nor by an AOF that was cut.
local call, sub = redis.call, string.sub
local held = call('GET', KEYS[2])
if held ~= ARGV[1] then
  return redis.error_reply(held and 'FOREIGN ' .. held or 'EMPTY no deployment')
end
local prefix, keep, records = KEYS[1], tonumber(ARGV[2]), ARGV[3]
local losers, lost, now = {}, 0, nil
for at = 0, #records - 24, 24 do
  local bucket, field, owner = sub(records, at + 1, at + 8), sub(records, at + 9, at + 16), sub(records, at + 17, at + 24)
  local key = prefix .. bucket
  if call('HSETNX', key, field, owner) == 0 then
    if call('HGET', key, field) ~= owner then
      lost = lost + 1
      losers[lost] = struct.pack('>H', at / 24)
    end
  elseif keep >= 0 and call('HLEN', key) == 1 then
    if not now then
      local time = call('TIME')
      now = time[1] * 1000 + math.floor(time[2] / 1000)
    end
    local hour, number = struct.unpack('>I4I4', bucket)
    -- Jitter, so that an hour's buckets do not all expire in one second: steps of the golden section of an hour.
    local expiry = math.max(now, (hour + 1) * 3600000) + keep + number * 2224921 % 3600000
    call('PEXPIREAT', key, string.format('%.0f', expiry))
  end
end
return table.concat(losers)
