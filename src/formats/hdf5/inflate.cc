#include "formats/hdf5/inflate.h"

#include "chronicler/base/error.h"

#if CHRONICLER_HAVE_LIBZIP  // which brings zlib with it
#include <zlib.h>
#endif

namespace chronicler {

#if CHRONICLER_HAVE_LIBZIP
std::string inflate(std::string_view packed, std::size_t size) {
  std::string data(size, '\0');
  uLongf done = data.size();
  const auto* source = reinterpret_cast<const Bytef*>(packed.data());
  const int result = ::uncompress(reinterpret_cast<Bytef*>(data.data()), &done, source,
                                  static_cast<uLong>(packed.size()));
  if (result != Z_OK || done != size)
    throw Error("its deflated data are damaged", "use another copy");
  return data;
}
#else
std::string inflate(std::string_view /*packed*/, std::size_t /*size*/) {
  throw Error("this build of Chronicler reads no deflated data", "build it with libzip-dev");
}
#endif

}  // namespace chronicler
