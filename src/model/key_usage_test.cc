#include "model/key_usage.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

KeyUseCount count(std::int64_t first, std::int64_t last, std::vector<OperationUse> operations) {
  KeyUseCount made;
  made.first = Timestamp{first};
  made.last = Timestamp{last};
  made.arn = "arn at " + std::to_string(last);
  made.operations = std::move(operations);
  return made;
}

TEST(KeyUseCount, AddsUp) {
  KeyUseCount total = count(5, 9, {{"Decrypt", 1, 10}, {"Sign", 2, 20}});
  add(total, count(7, 8, {{"Encrypt", 3, 30}, {"Sign", 4, 40}}));
  EXPECT_EQ(total, count(5, 9, {{"Decrypt", 1, 10}, {"Encrypt", 3, 30}, {"Sign", 6, 60}}));
  add(total, count(1, 12, {{"Decrypt", 1, 1}}));
  EXPECT_EQ(total, count(1, 12, {{"Decrypt", 2, 11}, {"Encrypt", 3, 30}, {"Sign", 6, 60}}));
}

TEST(KeyUseCount, AnEmptyOneTakesEverything) {
  KeyUseCount total;
  add(total, count(5, 9, {{"Decrypt", 1, 10}}));
  EXPECT_EQ(total, count(5, 9, {{"Decrypt", 1, 10}}));
}

TEST(KeyUseCount, WhatProtects) {
  for (const char* operation : {"Encrypt", "ReEncryptTo", "GenerateDataKeyPairWithoutPlaintext", "Sign"}) {
    EXPECT_TRUE(protects(operation)) << operation;
  }
  for (const char* operation :
       {"Decrypt", "ReEncryptFrom", "Verify", "VerifyMac", "DeriveSharedSecret", "Decapsulate"}) {
    EXPECT_FALSE(protects(operation)) << operation;
  }
}

}  // namespace
}  // namespace kagimori
