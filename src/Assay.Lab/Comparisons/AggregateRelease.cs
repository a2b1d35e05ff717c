using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>What a curator released.</summary>
/// <param name="Rows">The number of rows.</param>
/// <param name="Bags">The number of bags.</param>
/// <param name="BagSize">The rows of most bags.</param>
/// <param name="Epsilon">ε, or null without privacy.</param>
/// <param name="NoiseScale">The Laplace scale on the average of such a bag; 0 without privacy.</param>
/// <param name="Spent">What all releases of these labels into this folder have spent, or null.</param>
/// <param name="Budget">The most that may be spent, or null.</param>
/// <param name="Clipped">The share of responses outside the range.</param>
/// <param name="Warnings">What to know.</param>
public sealed record AggregateRelease(
    int Rows, int Bags, int BagSize, double? Epsilon, double NoiseScale, double? Spent, double? Budget, double Clipped, ImmutableArray<string> Warnings)
{
    /// <summary>Forms the averages and writes <c>rows.csv</c>, <c>bags.csv</c> and, with privacy, <c>ledger.json</c>.</summary>
    /// <param name="folder">The folder; it is created. A ledger of the same labels there is carried on.</param>
    /// <param name="data">The rows.</param>
    /// <param name="responses">Their responses.</param>
    /// <param name="bags">The bag of each row.</param>
    /// <param name="epsilon">ε, or null for exact averages.</param>
    /// <param name="range">The range of responses, or null.</param>
    /// <param name="budget">The total of a new ledger; ε where null.</param>
    /// <param name="seed">Decides the noise.</param>
    /// <exception cref="InvalidDataException">The ledger's total would be passed; nothing is written.</exception>
    public static AggregateRelease Write(string folder, Dataset data, double[] responses, int[] bags, double? epsilon, double[]? range, double? budget, long seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(responses);
        ArgumentNullException.ThrowIfNull(bags);
        var features = data.RequireFeatures();
        var ledgerPath = Path.Combine(folder, "ledger.json");
        var warnings = ImmutableArray.CreateBuilder<string>();
        PrivacyLedger? ledger = null;
        BagData released;
        var scale = 0.0;
        if (epsilon is { } e)
        {
            ledger = Open(ledgerPath, responses, budget, e);
            var aggregator = new PrivateAggregator(e, range![0], range[1], ledger);
            var bagSize = Sizes(bags)[0];
            scale = aggregator.Scale(bagSize);
            try
            {
                released = aggregator.Release(features, responses, bags, SeededRandom.At(seed, 471), $"{bags.Max() + 1} averages");
            }
            catch (InvalidOperationException refused)
            {
                throw new InvalidDataException($"{ledgerPath}: {refused.Message}", refused);
            }
            if (bagSize == 1)
                warnings.Add("bags of one row: each response is released by itself, with noise");
        }
        else
            released = BagData.Of(features, range is null ? responses : [.. responses.Select(y => Math.Clamp(y, range[0], range[1]))], bags);
        Directory.CreateDirectory(folder);
        // The ledger first: noise that was spent and not written is safe, the reverse is not.
        if (ledger is not null)
            File.WriteAllText(ledgerPath, JsonSerializer.Serialize(new LedgerFile(Hash(responses), ledger.Total, [.. ledger.Spendings]), Json));
        var names = data.FeatureNames.IsEmpty ? [.. Enumerable.Range(1, features.Columns).Select(j => $"x{j}")] : data.FeatureNames;
        TableFile.Write(Path.Combine(folder, "rows.csv"), new Table("rows", [
            new TextColumn("bag", [.. released.Bags.Select(Name)]), .. names.Select((name, j) => (TableColumn)new FloatColumn(name, [.. Enumerable.Range(0, features.Rows).Select(i => features[i, j])]))]));
        TableFile.Write(Path.Combine(folder, "bags.csv"), new Table("bags", [
            new TextColumn("bag", [.. Enumerable.Range(0, released.Count).Select(Name)]), new DoubleColumn("mean", [.. released.Means]), new DoubleColumn("size", [.. released.Sizes.Select(s => (double)s)])]));
        var outside = range is null ? 0 : responses.Count(y => y < range[0] || y > range[1]) / (double)responses.Length;
        return new AggregateRelease(features.Rows, released.Count, released.Sizes[0], epsilon, scale, ledger?.Spent, ledger?.Total, outside, warnings.ToImmutable());
    }

    private static string Name(int bag) => string.Create(CultureInfo.InvariantCulture, $"b{bag + 1}");

    private static int[] Sizes(int[] bags) => [.. bags.CountBy(b => b).OrderBy(c => c.Key).Select(c => c.Value)];

    private static PrivacyLedger Open(string path, double[] responses, double? budget, double epsilon)
    {
        if (!File.Exists(path))
            return new PrivacyLedger(budget ?? epsilon);
        LedgerFile? file;
        try
        {
            file = JsonSerializer.Deserialize<LedgerFile>(File.ReadAllText(path), Json);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
        if (file?.Spendings is null)
            throw new InvalidDataException($"{path}: this is no ledger");
        if (file.Labels != Hash(responses))
            throw new InvalidDataException($"{path}: the ledger is of other labels; choose another folder");
        if (budget is { } b && b != file.Total)
            throw new InvalidDataException($"{path}: the total was set to {file.Total} and cannot become {b}");
        return new PrivacyLedger(file.Total, file.Spendings);
    }

    private static string Hash(double[] responses) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', responses.Select(r => r.ToString("R", CultureInfo.InvariantCulture))))));

    private static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private sealed record LedgerFile(string Labels, double Total, ImmutableArray<PrivacySpending>? Spendings);
}
