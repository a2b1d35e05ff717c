using System.Security.Cryptography;
using System.Text.Json;

namespace Assay.Lab.Tests;

public sealed class StudyRunnerTests
{
    private static readonly string[] Keys = ["study", "paper", "scale", "seeds", "seconds", "machine", "versions", "sourceHash", "claims", "observations"];
    private static readonly string[] ClaimKeys = ["id", "statement", "paper", "measured", "low", "high", "unit", "verdict", "reason", "values"];

    [Fact]
    public void A_known_truth_gets_the_right_verdicts()
    {
        var result = new StudyRunner().Run(new CoinStudy(), StudyScale.Full).Result!;
        Assert.Equal([Verdict.Held, Verdict.Contradicted, Verdict.Held, Verdict.Inconclusive], result.Claims.Select(c => c.Verdict));
        Assert.InRange(result.Claims[0].Measured, 0.68, 0.72);
        Assert.Equal(8, result.Claims[0].Values.Length);
        Assert.Equal("not measured", result.Claims[3].Reason);
        Assert.Equal("2 held, 1 contradicted, 1 inconclusive", result.InWords);
        Assert.Equal(new StudyObservation("throws", 1000, 8), result.Observations.Single());
    }

    [Fact]
    public void Quick_scale_takes_at_most_three_seeds_and_the_caller_may_choose()
    {
        Assert.Equal([0, 1, 2], new StudyRunner().Run(new CoinStudy(), StudyScale.Quick).Result!.Seeds);
        Assert.Equal([0, 1, 2, 3, 4], new StudyRunner().Run(new CoinStudy(), StudyScale.Quick, seeds: 5).Result!.Seeds);
        Assert.Throws<ArgumentOutOfRangeException>(() => new StudyRunner().Run(new CoinStudy(), StudyScale.Quick, seeds: 0));
    }

    [Fact]
    public void A_study_that_throws_fails_without_a_result()
    {
        var outcome = new StudyRunner().Run(new FailingStudy(), StudyScale.Quick);
        Assert.Null(outcome.Result);
        Assert.Equal("the loss is not finite", outcome.Failure!.Message);
    }

    [Fact]
    public void Cancelling_is_no_failure()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => new StudyRunner().Run(new CoinStudy(), StudyScale.Quick, cancellation: cancelled.Token));
    }

    [Fact]
    public void The_source_hash_is_that_of_the_file()
    {
        using var stream = typeof(CoinStudy).Assembly.GetManifestResourceStream("source/CoinStudy.cs")!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(stream)), StudySource.HashOf(typeof(CoinStudy)));
        Assert.NotEqual(StudySource.HashOf(typeof(CoinStudy)), StudySource.HashOf(typeof(FailingStudy)));
        Assert.Throws<InvalidOperationException>(() => StudySource.HashOf(typeof(StudyRunnerTests)));
    }

    [Fact]
    public void The_file_has_the_agreed_form_and_reads_back()
    {
        using var folder = new TemporaryFolder();
        var results = new StudyResults(folder.Path);
        var study = new CoinStudy();
        var result = new StudyRunner().Run(study, StudyScale.Full).Result!;
        results.Write(study, result);
        Assert.Equal([folder.File("91-coin.json")], Directory.GetFiles(folder.Path));
        var json = JsonDocument.Parse(File.ReadAllText(folder.File("91-coin.json"))).RootElement;
        Assert.Equal(Keys, json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(ClaimKeys, json.GetProperty("claims")[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal("full", json.GetProperty("scale").GetString());
        Assert.Equal("held", json.GetProperty("claims")[0].GetProperty("verdict").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("claims")[3].GetProperty("measured").ValueKind);
        var back = results.Read(study)!;
        Assert.Equal(LabJson.Write(result), LabJson.Write(back));
        Assert.True(double.IsNaN(back.Claims[3].Measured));
    }

    [Fact]
    public void State_tells_missing_current_quick_and_stale()
    {
        using var folder = new TemporaryFolder();
        var results = new StudyResults(folder.Path);
        var study = new CoinStudy();
        Assert.Equal(ResultState.Missing, results.StateOf(study));
        var result = new StudyRunner().Run(study, StudyScale.Full).Result!;
        results.Write(study, result);
        Assert.Equal(ResultState.Current, results.StateOf(study));
        results.Write(study, result with { Scale = StudyScale.Quick });
        Assert.Equal(ResultState.Quick, results.StateOf(study));
        results.Write(study, result with { SourceHash = new string('0', 64) });
        Assert.Equal(ResultState.Stale, results.StateOf(study));
    }

    [Fact]
    public void A_damaged_result_names_file_and_place()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("91-coin.json"), "{\n  \"study\": 3\n}");
        var error = Assert.Throws<InvalidDataException>(() => new StudyResults(folder.Path).Read(new CoinStudy()));
        Assert.Contains("91-coin.json(2,", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_ledger_has_a_row_for_every_study_and_a_line_for_every_claim()
    {
        var coin = new CoinStudy();
        var result = new StudyRunner().Run(coin, StudyScale.Full).Result! with { Seconds = 12.34 };
        var ledger = Ledger.Write([(coin, result), (new FailingStudy(), null)]);
        Assert.Contains("1 of 2 studies have a result; 4 claims: 2 held, 1 contradicted, 1 inconclusive", ledger, StringComparison.Ordinal);
        Assert.Contains("| 91 | coin | On coins (2001) | 4 | 2 | 1 | 1 | 12.3 | `assay study run coin` |\n", ledger, StringComparison.Ordinal);
        Assert.Contains("| 92 | failing | On failing (2002) | 1 | – | – | – | not run | `assay study run failing` |\n", ledger, StringComparison.Ordinal);
        Assert.Contains("| One and one is two. | 2 | 2 | ≤ 2 | held |\n", ledger, StringComparison.Ordinal);
        Assert.Contains("| Nobody measures this. | – | – | ≥ 0 | inconclusive (not measured) |\n", ledger, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_are_found_from_any_folder_of_the_repository()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("Assay.slnx"), "");
        var deep = Directory.CreateDirectory(folder.File("a/b")).FullName;
        Assert.Equal(folder.File("studies/results"), StudyResults.Near(deep).Folder);
        Assert.Equal(folder.File("LEDGER.md"), StudyResults.Near(deep).LedgerPath);
        Assert.Equal(folder.File("studies/results/quick"), StudyResults.Near(deep, StudyScale.Quick).Folder);
        using var other = new TemporaryFolder();
        Assert.Equal(other.File("studies/results"), StudyResults.Near(other.Path).Folder);
    }

    [Fact]
    public void The_catalog_finds_studies_by_slug_number_and_both()
    {
        var catalog = StudyCatalog.Of(typeof(CoinStudy).Assembly);
        Assert.Equal(["coin", "failing"], catalog.Studies.Select(s => s.Info.Slug));
        foreach (var name in new[] { "coin", "91", "91-coin", "Coin" })
            Assert.IsType<CoinStudy>(catalog.Find(name));
        Assert.EndsWith("did you mean coin?", Assert.Throws<ArgumentException>(() => catalog.Find("coyn")).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => StudyCatalog.Of([new CoinStudy(), new CoinStudy()]));
    }
}
