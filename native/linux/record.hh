// The one format between keelson's processes: plans, requests, replies, events.
//   record := u32 fieldCount, field*        field := u32 length, bytes, NUL
// Numbers are little-endian 32 bits wide: a 16-bit length that wraps is how CVE-2021-43784 began.
// The NUL lets a field be used in place as a C string; `text` refuses one with a NUL inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace keelson {

struct Field {
  const char* data;
  uint32_t size;

  bool is(const char* word) const { return strcmp(data, word) == 0 && strlen(word) == size; }
};

// One record's fields, taken from the front. Any disagreement makes all further reads fail, so a
// caller may read a whole record and ask `good()` once.
class Fields {
 public:
  Fields() = default;
  Fields(const char* at, const char* end, uint32_t count) : at_(at), end_(end), left_(count) {}

  uint32_t left() const { return left_; }
  bool good() const { return good_; }
  const char* position() const { return at_; }

  Field bytes() {
    uint32_t size = 0;
    if (!good_ || left_ == 0 || end_ - at_ < 5) return bad();
    memcpy(&size, at_, 4);
    if (size > static_cast<size_t>(end_ - at_) - 5 || at_[4 + size] != '\0') return bad();
    Field field{at_ + 4, size};
    at_ += 5 + static_cast<size_t>(size);
    left_--;
    return field;
  }

  const char* text() {
    Field field = bytes();
    if (strlen(field.data) != field.size) return bad().data;
    return field.data;
  }

  // An unsigned decimal number and nothing else.
  uint64_t number() {
    Field field = bytes();
    uint64_t value = 0;
    if (field.size == 0) bad();
    for (uint32_t i = 0; i < field.size; i++) {
      unsigned digit = static_cast<unsigned char>(field.data[i]) - '0';
      if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
        bad();
        return 0;
      }
      value = value * 10 + digit;
    }
    return value;
  }

 private:
  Field bad() {
    good_ = false;
    return Field{"", 0};
  }

  const char* at_ = "";
  const char* end_ = at_;
  uint32_t left_ = 0;
  bool good_ = true;
};

// The records of one buffer. `next` is false at the end and at the first malformed record.
class Records {
 public:
  Records(const char* data, size_t size) : at_(data), end_(data + size) {}

  bool next(Fields& fields) {
    uint32_t count = 0;
    if (end_ - at_ < 4) return false;
    memcpy(&count, at_, 4);
    fields = Fields(at_ + 4, end_, count);
    Fields skipped = fields;
    // A field takes five bytes at least, so a huge count ends at the buffer's end, not later.
    for (uint32_t i = 0; i < count && skipped.good(); i++) skipped.bytes();
    if (!skipped.good()) return false;
    at_ = skipped.position();
    return true;
  }

  bool atEnd() const { return at_ == end_; }

 private:
  const char* at_;
  const char* end_;
};

// Writes one record into a buffer of fixed size; what does not fit makes it not `good()`.
template <size_t capacity>
class RecordWriter {
 public:
  RecordWriter() { memset(buffer_, 0, 4); }

  RecordWriter& bytes(const char* data, size_t size) {
    if (!good_ || size > capacity - size_ || capacity - size_ - size < 5) {
      good_ = false;
      return *this;
    }
    uint32_t length = static_cast<uint32_t>(size);
    memcpy(buffer_ + size_, &length, 4);
    memcpy(buffer_ + size_ + 4, data, size);
    buffer_[size_ + 4 + size] = '\0';
    size_ += 5 + size;
    count_++;
    memcpy(buffer_, &count_, 4);
    return *this;
  }

  RecordWriter& text(const char* value) { return bytes(value, strlen(value)); }

  RecordWriter& number(int64_t value) {
    char digits[24];
    char* at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    do {
      *--at = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest > 0);
    if (value < 0) *--at = '-';
    return bytes(at, static_cast<size_t>(digits + sizeof digits - at));
  }

  bool good() const { return good_; }
  const char* data() const { return buffer_; }
  size_t size() const { return size_; }

 private:
  char buffer_[capacity];
  size_t size_ = 4;
  uint32_t count_ = 0;
  bool good_ = true;
};

}  // namespace keelson
