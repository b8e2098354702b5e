#include "encoding/scan/departure.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pacs {
namespace {

TEST(Departures, EachKindStandsAtItsPlaceInTheTableUnderANameOfItsOwn) {
  for (std::size_t i = 0; i < kDepartureKinds.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kDepartureKinds[i].departure), i);
    EXPECT_EQ(std::ranges::count(kDepartureKinds, kDepartureKinds[i].name, &DepartureKind::name),
              1);
  }
}

TEST(Departures, ASetNamesWhatItHolds) {
  Departures departures;
  EXPECT_TRUE(departures.empty());
  EXPECT_EQ(departures.to_string(), "");
  departures.add(Departure::NativePixelData);
  departures.add(Departure::NoVr);
  departures.add(Departure::NoVr);
  EXPECT_EQ(departures.to_string(), "no_vr,native_pixel_data");
  EXPECT_TRUE(departures.contains(Departure::NoVr));
  EXPECT_FALSE(departures.contains(Departure::UnknownVr));
  Departures others;
  others.add(Departure::UnknownVr);
  departures.add(others);
  EXPECT_EQ(departures.to_string(), "unknown_vr,no_vr,native_pixel_data");
}

}  // namespace
}  // namespace pacs
