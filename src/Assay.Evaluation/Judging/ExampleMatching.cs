using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Puts the predictions of several models into one order of examples and of classes, so that row i is the same example in all.</summary>
public static class ExampleMatching
{
    /// <summary>
    /// Matches by ids, or by row number where no model has ids. The first model sets the order of examples and classes. Truth that a
    /// model lacks is taken from one that has it; truth that two models state differently is an error.
    /// </summary>
    /// <param name="models">Predictions of two or more models.</param>
    /// <returns>The predictions in the common order, all with truth.</returns>
    /// <exception cref="ArgumentException">The models do not cover the same examples or classes, disagree on the truth, or none knows it.</exception>
    public static ImmutableArray<Predictions> Match(IReadOnlyList<Predictions> models)
    {
        ArgumentNullException.ThrowIfNull(models);
        if (models.Count < 2)
            throw new ArgumentException($"at least two models were expected, not {models.Count}", nameof(models));
        if (models.Select(m => m.Model).Distinct().Count() < models.Count)
            throw new ArgumentException($"two models are called '{models.GroupBy(m => m.Model).First(g => g.Count() > 1).Key}'", nameof(models));
        foreach (var model in models)
            model.Validate();
        var first = models[0];
        var index = first.Ids.IsEmpty ? null : IndexOf(first);
        var matched = models.Select(m => m == first ? m : WithClassesOf(first, InOrderOf(first, index, m))).ToArray();
        var truth = Array.Find(matched, m => m.HasTruth)
            ?? throw new ArgumentException($"none of {string.Join(", ", models.Select(m => m.Model))} comes with the true {(first.IsRegression ? "values" : "labels")}", nameof(models));
        foreach (var model in matched)
            CheckTruth(truth, model);
        return [.. matched.Select(m => m.HasTruth ? m : m.With(labels: truth.Labels, targets: truth.Targets))];
    }

    private static Dictionary<string, int> IndexOf(Predictions model)
    {
        var index = new Dictionary<string, int>(model.Count, StringComparer.Ordinal);
        for (var i = 0; i < model.Count; i++)
        {
            if (!index.TryAdd(model.Ids[i], i))
                throw new ArgumentException($"{model.Model}: id '{model.Ids[i]}' of row {i} occurs before in row {index[model.Ids[i]]}");
        }
        return index;
    }

    private static Predictions InOrderOf(Predictions first, Dictionary<string, int>? index, Predictions model)
    {
        if (model.IsRegression != first.IsRegression)
            throw new ArgumentException($"{first.Model} predicts {(first.IsRegression ? "values" : "classes")}, {model.Model} does not");
        if (index is null != model.Ids.IsEmpty)
            throw new ArgumentException($"{(index is null ? first.Model : model.Model)} has no ids, {(index is null ? model.Model : first.Model)} has: their examples cannot be matched");
        if (index is null)
        {
            return model.Count == first.Count ? model
                : throw new ArgumentException($"{first.Model} has {first.Count} examples, {model.Model} has {model.Count}, and there are no ids to match them by");
        }
        if (model.Ids.AsSpan().SequenceEqual(first.Ids.AsSpan()))
            return model;
        var rowOf = new int[first.Count];
        Array.Fill(rowOf, -1);
        for (var i = 0; i < model.Count; i++)
        {
            if (!index.TryGetValue(model.Ids[i], out var at))
                throw new ArgumentException($"{model.Model}: id '{model.Ids[i]}' of row {i} is not among the examples of {first.Model}");
            if (rowOf[at] >= 0)
                throw new ArgumentException($"{model.Model}: id '{model.Ids[i]}' of row {i} occurs before in row {rowOf[at]}");
            rowOf[at] = i;
        }
        var missing = Array.IndexOf(rowOf, -1);
        return missing < 0 ? model.Select(rowOf) : throw new ArgumentException($"{model.Model} lacks id '{first.Ids[missing]}', row {missing} of {first.Model}");
    }

    private static Predictions WithClassesOf(Predictions first, Predictions model)
    {
        if (first.ClassNames.IsEmpty || model.ClassNames.IsEmpty)
        {
            return model.ClassCount == first.ClassCount ? model
                : throw new ArgumentException($"{first.Model} has {first.ClassCount} classes, {model.Model} has {model.ClassCount}");
        }
        if (model.ClassNames.AsSpan().SequenceEqual(first.ClassNames.AsSpan()))
            return model;
        if (first.ClassNames.Except(model.ClassNames).FirstOrDefault() is { } lacking)
            throw new ArgumentException($"{model.Model} has no class '{lacking}', {first.Model} has");
        if (model.ClassNames.Except(first.ClassNames).FirstOrDefault() is { } extra)
            throw new ArgumentException($"{model.Model} has a class '{extra}', {first.Model} has not");
        var target = model.ClassNames.Select(n => first.ClassNames.IndexOf(n)).ToArray();
        var scores = new float[model.Scores.Values.Length];
        for (var i = 0; i < model.Count; i++)
        {
            for (var c = 0; c < target.Length; c++)
                scores[i * target.Length + target[c]] = model.Scores[i, c];
        }
        return model.With(scores: new FloatMatrix(scores, model.Count, target.Length), labels: [.. model.Labels.Select(l => target[l])], classNames: first.ClassNames);
    }

    private static void CheckTruth(Predictions truth, Predictions model)
    {
        for (var i = 0; i < model.Labels.Length; i++)
        {
            if (model.Labels[i] != truth.Labels[i])
                throw new ArgumentException($"example '{model.Id(i)}' is of class '{truth.ClassName(truth.Labels[i])}' for {truth.Model}, of class '{model.ClassName(model.Labels[i])}' for {model.Model}");
        }
        for (var i = 0; i < model.Targets.Length; i++)
        {
            if (model.Targets[i] != truth.Targets[i])
                throw new ArgumentException($"the true value of example '{model.Id(i)}' is {truth.Targets[i]} for {truth.Model}, {model.Targets[i]} for {model.Model}");
        }
    }
}
