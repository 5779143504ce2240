/*
 * rapidcheck: an independent property engine over the same interpreter.
 *
 *     rapidcheck SUBJECT CASES SEED
 *
 * RapidCheck draws lists of operations, each a few bytes, and shrinks them in its own
 * way. Prints the shortest program that fails as text, then one line: killed=0 or 1,
 * cases, CPU time to the find. Exits 1 if a program fails.
 */
#include <rapidcheck.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "props/rapidcheck/bridge.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

unsigned cases;
double found_ms = -1;
Bytes shortest;

/* First byte, one of a few slots, and up to two bytes of operands. */
rc::Gen<Bytes> genOperation() {
    return rc::gen::map(
        rc::gen::tuple(rc::gen::arbitrary<std::uint8_t>(),
                       rc::gen::inRange<std::uint8_t>(0, 8),
                       rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>())),
        [](const std::tuple<std::uint8_t, std::uint8_t, Bytes> &drawn) {
            Bytes operation{std::get<0>(drawn), std::get<1>(drawn)};
            const Bytes &more = std::get<2>(drawn);
            operation.insert(operation.end(), more.begin(),
                             more.begin() + std::min<std::size_t>(more.size(), 2));
            return operation;
        });
}

bool holds(const std::vector<Bytes> &operations, double started) {
    Bytes program;
    for (const Bytes &operation : operations)
        program.insert(program.end(), operation.begin(), operation.end());
    if (found_ms < 0)
        cases++;
    if (bridge_passes(program.data(), program.size()))
        return true;
    if (found_ms < 0)
        found_ms = bridge_cpu_ms() - started;
    shortest = program; /* the last that fails is the one that shrinking ends with */
    return false;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 4 || !bridge_open(argv[1])) {
        std::fputs("rapidcheck: expected SUBJECT CASES SEED\n", stderr);
        return 2;
    }
    std::string parameters = std::string("max_size=200 max_success=") + argv[2] +
                             " seed=" + argv[3] + " verbose_progress=0";
    setenv("RC_PARAMS", parameters.c_str(), 1);
    double started = bridge_cpu_ms();
    bool held = rc::check("a valid program never breaks the allocator", [&] {
        const auto operations = *rc::gen::container<std::vector<Bytes>>(genOperation());
        RC_ASSERT(holds(operations, started));
    });
    if (!held) {
        char text[4096] = "";
        bridge_text(shortest.data(), shortest.size(), text, sizeof text);
        std::printf("%s: %s\n", bridge_oracle(), text);
    }
    std::printf("killed=%d cases=%u ms=%.2f oracle=%s\n", !held, cases,
                held ? bridge_cpu_ms() - started : found_ms,
                held ? "-" : bridge_oracle());
    return held ? 0 : 1;
}
