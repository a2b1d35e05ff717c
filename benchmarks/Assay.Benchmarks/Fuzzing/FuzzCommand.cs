using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Assay.Benchmarks;

/// <summary><c>fuzz</c>: damaged files through the real commands; exits 1 where one crashes, hangs, takes too much memory or gives a wrong number.</summary>
internal static class FuzzCommand
{
    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "How many damaged files in all.", DefaultValueFactory = _ => 10_000 };
        var seed = new Option<long>("--seed") { Description = "The seed; the same seed gives the same files.", DefaultValueFactory = _ => 1 };
        var only = new Option<string?>("--only") { Description = "Only the targets whose name contains this." };
        var single = new Option<int?>("--case") { Description = "With --only: one case by its number, printed with its file." };
        var json = new Option<bool>("--json") { Description = "Print the table as JSON." };
        var command = new Command("fuzz", "Give damaged files to the real commands, in this process: each is read or refused in one clear line.") { count, seed, only, single, json };
        command.SetAction(parsed =>
        {
            var targets = FuzzCorpus.All.Where(t => t.Name.Contains(parsed.GetValue(only) ?? "", StringComparison.OrdinalIgnoreCase)).ToArray();
            var results = new List<FuzzResult>();
            foreach (var (target, cases) in targets.Zip(FuzzRun.Shares(targets, parsed.GetValue(count))))
            {
                var result = FuzzRun.Of(target, cases, parsed.GetValue(seed), parsed.GetValue(single));
                results.Add(result);
                foreach (var failure in result.Failures)
                    Console.Error.WriteLine(failure);
                if (!parsed.GetValue(json))
                    Console.WriteLine(Line(result));
                if (result[FuzzOutcome.Hang] > 0)
                    break; // its thread would disturb the rest
            }
            var total = new FuzzResult("all", System.Collections.Immutable.ImmutableDictionary.CreateRange(Enum.GetValues<FuzzOutcome>().Select(o => KeyValuePair.Create(o, results.Sum(r => r[o])))), results.Sum(r => r.Named), []);
            Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(results.Select(r => new { r.Target, r.Total, r.Counts, r.Named, r.Failures }), JsonSerializerOptions.Web) : Line(total));
            return total[FuzzOutcome.Wrong] + total[FuzzOutcome.Crash] + total[FuzzOutcome.Hang] + total[FuzzOutcome.Memory] > 0 ? 1 : 0;
        });
        return command;
    }

    private static string Line(FuzzResult r) => string.Create(CultureInfo.InvariantCulture,
        $"{r.Target,-28} {r.Total,6} files: {r[FuzzOutcome.Checked],5} right, {r[FuzzOutcome.Read],5} read, {r[FuzzOutcome.Refused],5} refused ({r.Named} with the place), {r[FuzzOutcome.Wrong]} wrong, {r[FuzzOutcome.Crash]} crashed, {r[FuzzOutcome.Hang]} hung, {r[FuzzOutcome.Memory]} too large");
}
