using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Assay.Benchmarks;

var only = new Option<string?>("--only") { Description = "Only the comparisons whose name contains this." };
var pairs = new Option<int>("--pairs") { Description = "How many pairs of runs are timed (5 or more for a figure to quote).", DefaultValueFactory = _ => 5 };
var asJson = new Option<bool>("--json") { Description = "Print the figures as JSON." };
IEnumerable<PeerBenchmark> all =
[
    .. TrainingBenchmarks.All, .. LossBenchmarks.All, .. LanguageBenchmarks.All, .. JudgeBenchmarks.All, .. BootstrapBenchmarks.All, .. LabelQualityBenchmarks.All,
    .. PoolBenchmarks.All, .. ScalingLawBenchmarks.All, .. LargeBatchBenchmarks.All, .. InfluenceBenchmarks.All,
];
var peers = new Command("peers", "Time our work and a peer's in turn on this machine; exits 1 where a median ratio misses its bar.") { only, pairs, asJson };
peers.SetAction(parsed =>
{
    var results = new List<PeerResult>();
    var json = parsed.GetValue(asJson);
    if (!json)
        Console.WriteLine($"{"name",-22} {"ours s",10} {"peer s",10} {"ratio",7} {"min",7} {"max",7} {"bar",6}  verdict");
    foreach (var benchmark in all.Where(b => b.Name.Contains(parsed.GetValue(only) ?? "", StringComparison.OrdinalIgnoreCase)))
    {
        var r = PeerResult.Measure(benchmark, parsed.GetValue(pairs));
        results.Add(r);
        if (!json)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{r.Name,-22} {r.Ours,10:f4} {r.Peer,10:f4} {r.Ratio,7:f3} {r.LeastRatio,7:f3} {r.GreatestRatio,7:f3} {r.Bar,6:f2}  {r.Verdict}"));
    }
    if (json)
        Console.WriteLine(JsonSerializer.Serialize(results, JsonSerializerOptions.Web));
    return results.Any(r => r.Verdict == "missed") ? 1 : 0;
});
return new RootCommand("Assay's benchmarks.") { peers, FuzzCommand.Create(), MemoryCommand.Create() }.Parse(args).Invoke();
