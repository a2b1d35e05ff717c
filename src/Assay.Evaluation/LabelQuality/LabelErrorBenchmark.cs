using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// One data set of the published label errors (repository <c>cleanlab/label-errors</c>): original labels, cross-validated probabilities and
/// the votes of five reviewers for each flagged example. What a checkout leaves out (large files) is null.
/// </summary>
/// <param name="Name">The set: mnist, cifar10, cifar100, caltech256, imagenet, quickdraw, 20news, imdb, amazon, audioset.</param>
/// <param name="Labels">The original labels, or empty.</param>
/// <param name="Probabilities">n × K, or null. The files hold double precision, whatever their README says; single is kept.</param>
/// <param name="Reviews">The reviewed examples.</param>
public sealed record LabelErrorBenchmark(string Name, ImmutableArray<int> Labels, FloatMatrix? Probabilities, ImmutableArray<LabelReview> Reviews)
{
    private static readonly Dictionary<string, string> Prefixes = new(StringComparer.Ordinal)
    {
        ["mnist"] = "mnist_test_set", ["cifar10"] = "cifar10_test_set", ["cifar100"] = "cifar100_test_set", ["imagenet"] = "imagenet_val_set", ["caltech256"] = "caltech256",
        ["20news"] = "20news_test_set", ["imdb"] = "imdb_test_set", ["amazon"] = "amazon", ["quickdraw"] = "quickdraw", ["audioset"] = "audioset_eval_set",
    };

    /// <summary>Loads a set.</summary>
    /// <param name="folder">The folder of the repository.</param>
    /// <param name="name">The set's name.</param>
    /// <exception cref="ArgumentException">There is no such set.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder is none of that repository.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static LabelErrorBenchmark Load(string folder, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(name);
        if (!Prefixes.TryGetValue(name, out var prefix))
            throw new ArgumentException($"no set is called '{name}'{Spelling.Suggestion(name, Prefixes.Keys)}; there are: {string.Join(", ", Prefixes.Keys)}", nameof(name));
        var votes = Path.Combine(folder, "mturk", $"{name}_mturk.json");
        if (!File.Exists(votes))
            throw new DirectoryNotFoundException($"{votes}: there is no such file; the folder of a checkout of cleanlab/label-errors was expected");
        // AudioSet's examples carry several labels each: an object array, which is not read.
        var labels = Path.Combine(folder, "original_test_labels", $"{prefix}_original_labels.npy");
        return new LabelErrorBenchmark(
            name,
            name != "audioset" && File.Exists(labels) ? [.. NpyFile.Read(labels).ToIntegers()] : [],
            name != "audioset" ? ReadProbabilities(Path.Combine(folder, "cross_validated_predicted_probabilities"), prefix) : null,
            ReadReviews(votes));
    }

    /// <summary>The verdicts by row, for <see cref="CorrectedTestSet.Build"/>.</summary>
    /// <param name="rowOf">The row of an id, or null where ids are row numbers.</param>
    /// <exception cref="InvalidDataException">An id is no row, or a label no class.</exception>
    public IReadOnlyDictionary<int, (LabelVerdict Verdict, int Guessed)> Verdicts(Func<string, int>? rowOf = null)
    {
        var verdicts = new Dictionary<int, (LabelVerdict, int)>();
        foreach (var review in Reviews)
        {
            var row = rowOf?.Invoke(review.Id) ?? Integer(review.Id, "row");
            if (!Labels.IsEmpty && (uint)row >= (uint)Labels.Length)
                throw new InvalidDataException($"{Name}: id {review.Id} is no row of the {Labels.Length} labels");
            if (!verdicts.TryAdd(row, (review.Verdict, review.Verdict == LabelVerdict.Correctable ? Integer(review.GuessedLabel, "class") : -1)))
                throw new InvalidDataException($"{Name}: row {row} was reviewed twice");
        }
        return verdicts;
    }

    private int Integer(string text, string what) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        ? value
        : throw new InvalidDataException($"{Name}: '{text}' is no number of a {what}");

    private static FloatMatrix? ReadProbabilities(string folder, string prefix)
    {
        var whole = Path.Combine(folder, $"{prefix}_pyx.npy");
        if (File.Exists(whole))
            return NpyFile.Read(whole).ToMatrix();
        var parts = Directory.Exists(folder) ? Directory.GetFiles(folder, $"{prefix}_pyx.part*_of_*.npy").Order(StringComparer.Ordinal).ToArray() : [];
        if (parts.Length == 0)
            return null;
        var count = Path.GetFileNameWithoutExtension(parts[0]).Split("_of_")[^1];
        if (count != parts.Length.ToString(CultureInfo.InvariantCulture))
            throw new InvalidDataException($"{folder}: {parts.Length} of {count} parts of {prefix}_pyx are there");
        var matrices = parts.Select(p => NpyFile.Read(p).ToMatrix()).ToArray();
        if (matrices.FirstOrDefault(m => m.Columns != matrices[0].Columns) is { } other && other.Columns != matrices[0].Columns)
            throw new InvalidDataException($"{folder}: the parts of {prefix}_pyx have {matrices[0].Columns} and {other.Columns} columns");
        return new FloatMatrix([.. matrices.SelectMany(m => m.Values.ToArray())], matrices.Sum(m => m.Rows), matrices[0].Columns);
    }

    private static ImmutableArray<LabelReview> ReadReviews(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            ImmutableArray<LabelReview> reviews = [.. json.RootElement.EnumerateArray().Select(e => Review(e, file))];
            return reviews.GroupBy(r => r.Id, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice
                ? throw new InvalidDataException($"{file}: id {twice.Key} occurs {twice.Count()} times")
                : reviews;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"{file}: not in the form of the published votes: {e.Message}", e);
        }
    }

    private static LabelReview Review(JsonElement item, string file)
    {
        var votes = item.GetProperty("mturk");
        if (!item.TryGetProperty("given_original_label", out var given))
            return Several(item, votes);
        int Votes(string answer) => votes.TryGetProperty(answer, out var v) ? v.GetInt32() : 0;
        var review = new LabelReview(
            Text(item.GetProperty("id")), Text(given), Text(item.GetProperty("our_guessed_label")),
            Votes("given"), Votes("guessed"), Votes("both"), Votes("neither"), Votes("neutral") + Votes("off-topic"));
        return review.Votes > 0 ? review : throw new InvalidDataException($"{file}: id {review.Id} has no vote");
    }

    // AudioSet: votes for each label. The given labels are right where each of them has three votes; no guess counts as a correction.
    private static LabelReview Several(JsonElement item, JsonElement votes)
    {
        string[] Labels(string name) => [.. item.GetProperty(name).EnumerateArray().Select(l => l.GetString()!)];
        var (given, guessed) = (Labels("given_original_labels"), Labels("our_guessed_labels"));
        var least = given.Min(l => votes.TryGetProperty(l, out var v) ? v.GetInt32() : 0);
        return new LabelReview(Text(item.GetProperty("id")), string.Join("; ", given), string.Join("; ", guessed), Math.Min(5, least), 0, 0, 0, Math.Max(0, 5 - least));
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
