// The one file that compiles the bodies of Boost.Asio, its OpenSSL part and Boost.Beast.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
