using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>The columns of a file that were found for the roles, by their names alone.</summary>
internal sealed record PredictionColumns(string? Id, string? Label, string? Prediction, ImmutableArray<string> Scores, ImmutableArray<string> Classes, ScoreKind? Kind)
{
    private static readonly string[] ProbabilityPrefixes = ["probability_", "proba_", "prob_", "p_"];
    private static readonly string[] LogitPrefixes = ["logits_", "logit_"];
    private static readonly string[] Predicted = ["prediction", "predicted", "pred", "y_pred", "yhat"];
    private static readonly string[] SingleProbability = ["probability", "proba", "prob", "p", "score", "y_prob", "y_proba", "y_score"];

    /// <summary>Finds the columns.</summary>
    /// <exception cref="InvalidDataException">A named column is missing, or there is nothing that predicts.</exception>
    public static PredictionColumns Find(string source, ImmutableArray<string> names, PredictionRoles roles)
    {
        var id = Role(roles.Id, "id");
        var label = Role(roles.Label, "label", "labels", "y", "y_true", "target", "class");
        var free = names.Where(n => n != id && n != label).ToArray();
        var (scores, classes, kind) = FindScores(source, free, names, roles);
        var prediction = roles.Prediction is null && !scores.IsEmpty ? null : Role(roles.Prediction, Predicted);
        if (scores.IsEmpty && prediction is null)
            throw new InvalidDataException($"{source}: nothing predicts here: a column 'prediction', or one 'p_CLASS' (or 'logit_CLASS') for each class was expected; there are: {string.Join(", ", names.Take(20))}{(names.Length > 20 ? ", …" : "")}");
        return new PredictionColumns(id, label, prediction, scores, classes, roles.Kind ?? kind);

        string? Role(string? wanted, params ReadOnlySpan<string> conventional)
        {
            if (wanted is not null)
                return names.Contains(wanted) ? wanted : throw new InvalidDataException($"{source}: no column '{wanted}'; there are: {string.Join(", ", names.Take(20))}{(names.Length > 20 ? ", …" : "")}");
            foreach (var candidate in conventional)
            {
                if (names.FirstOrDefault(n => n.Equals(candidate, StringComparison.OrdinalIgnoreCase)) is { } found)
                    return found;
            }
            return null;
        }
    }

    private static (ImmutableArray<string> Scores, ImmutableArray<string> Classes, ScoreKind? Kind) FindScores(string source, string[] free, ImmutableArray<string> names, PredictionRoles roles)
    {
        if (!roles.Scores.IsEmpty)
        {
            if (roles.Scores.FirstOrDefault(s => !names.Contains(s)) is { } missing)
                throw new InvalidDataException($"{source}: no column '{missing}'; there are: {string.Join(", ", names.Take(20))}{(names.Length > 20 ? ", …" : "")}");
            var isLogit = roles.Scores.All(s => Suffix(s, LogitPrefixes) is not null);
            return (roles.Scores, [.. roles.Scores.Select(s => Suffix(s, ProbabilityPrefixes) ?? Suffix(s, LogitPrefixes) ?? s)], isLogit ? ScoreKind.Logits : ScoreKind.Probabilities);
        }
        if (roles.Prediction is not null || roles.Kind is ScoreKind.Classes or ScoreKind.Values)
            return ([], [], null);
        foreach (var (prefixes, kind) in new[] { (ProbabilityPrefixes, ScoreKind.Probabilities), (LogitPrefixes, ScoreKind.Logits) })
        {
            var found = free.Where(n => Suffix(n, prefixes) is not null).ToImmutableArray();
            if (!found.IsEmpty && roles.Kind is null || roles.Kind == kind && !found.IsEmpty)
                return (found, [.. found.Select(n => Suffix(n, prefixes)!)], kind);
        }
        if (free.FirstOrDefault(n => SingleProbability.Contains(n, StringComparer.OrdinalIgnoreCase)) is { } single)
            return ([single], [""], ScoreKind.Probabilities);
        return free.FirstOrDefault(n => n.Equals("logit", StringComparison.OrdinalIgnoreCase)) is { } logit ? ([logit], [""], ScoreKind.Logits) : ([], [], null);
    }

    /// <summary>Whether a column repeats in short what the scores say, and so is none to slice by.</summary>
    public bool RepeatsScores(string name) => !Scores.IsEmpty && Predicted.Contains(name, StringComparer.OrdinalIgnoreCase);

    // "p_" alone is the prefix of nothing.
    private static string? Suffix(string name, string[] prefixes) =>
        Array.Find(prefixes, p => name.Length > p.Length && name.StartsWith(p, StringComparison.OrdinalIgnoreCase)) is { } prefix ? name[prefix.Length..] : null;
}
