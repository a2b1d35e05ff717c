using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Predictions as a table, one row for each example.</summary>
public static class PredictionsTable
{
    /// <summary>Reads predictions from a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="roles">Which column plays which part, or null for the conventional names.</param>
    /// <exception cref="InvalidDataException">Columns are missing, or a cell does not fit its part; the message names row (counted from 1) and column.</exception>
    public static Predictions ToPredictions(this Table table, PredictionRoles? roles = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        roles ??= PredictionRoles.Default;
        if (table.RowCount == 0)
            throw new InvalidDataException($"{table.Source}: there are no rows");
        var columns = PredictionColumns.Find(table.Source, [.. table.Columns.Select(c => c.Name)], roles);
        return table.ToPredictions(roles, columns, PredictionSurvey.Of(table, columns));
    }

    /// <summary>The same for a block of a file that was surveyed as a whole.</summary>
    internal static Predictions ToPredictions(this Table table, PredictionRoles roles, PredictionColumns columns, PredictionSurvey survey)
    {
        var predictions = !columns.Scores.IsEmpty ? OfScores(table, columns, survey) : survey.IsRegression ? OfValues(table, columns) : OfClasses(table, columns, survey);
        return new Predictions
        {
            Model = roles.Model ?? table.Source,
            Kind = predictions.Kind,
            Scores = predictions.Scores,
            Labels = predictions.Labels,
            Targets = predictions.Targets,
            ClassNames = predictions.ClassNames,
            Ids = columns.Id is { } id && roles.WithIds ? Texts(table[id]) : [],
            Tolerance = roles.Tolerance,
            Slices = Slices(table, columns, roles),
        }.ValidateFile(table, columns.Scores, roles.Tolerance);
    }

    /// <summary>
    /// The table of predictions: <c>id</c> where there are ids, the truth as <c>label</c> or <c>target</c>, <c>p_CLASS</c> or <c>logit_CLASS</c> for each
    /// class or else <c>prediction</c>, then the columns to slice by. <see cref="ToPredictions(Table, PredictionRoles?)"/> reads it back without loss.
    /// </summary>
    public static Table ToTable(this Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        var columns = ImmutableArray.CreateBuilder<TableColumn>();
        if (!predictions.Ids.IsEmpty)
            columns.Add(new TextColumn("id", predictions.Ids));
        if (!predictions.Targets.IsEmpty)
            columns.Add(new FloatColumn("target", [.. predictions.Targets]));
        if (!predictions.Labels.IsEmpty)
            columns.Add(new TextColumn("label", [.. predictions.Labels.Select(predictions.ClassName)]));
        if (predictions.Kind == ScoreKind.Values)
            columns.Add(new FloatColumn("prediction", predictions.Scores.Values.ToArray()));
        else if (predictions.Kind == ScoreKind.Classes)
            columns.Add(new TextColumn("prediction", [.. predictions.PredictedClasses().Select(predictions.ClassName)]));
        else
        {
            var prefix = predictions.Kind == ScoreKind.Logits ? "logit_" : "p_";
            for (var c = 0; c < predictions.ClassCount; c++)
            {
                var values = new float[predictions.Count];
                for (var i = 0; i < values.Length; i++)
                    values[i] = predictions.Scores[i, c];
                columns.Add(new FloatColumn(prefix + predictions.ClassName(c), values));
            }
        }
        foreach (var (name, slice) in predictions.Slices.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            if (columns.All(c => c.Name != name))
                columns.Add(new TextColumn(name, [.. slice.Codes.Select(c => slice.Names[c])]));
        }
        return new Table(predictions.Model, columns.ToImmutable());
    }

    private static Predictions OfScores(Table table, PredictionColumns columns, PredictionSurvey survey)
    {
        var matrix = table.ToMatrix(columns.Scores.AsSpan());
        var classes = columns.Classes;
        if (matrix.Columns == 1)
            (matrix, classes) = Complete(table, columns, survey.Labels, matrix);
        if (classes.Distinct().Count() < classes.Length)
            throw new InvalidDataException($"{table.Source}: class '{classes.GroupBy(c => c).First(g => g.Count() > 1).Key}' has two score columns");
        return new Predictions
        {
            Model = table.Source,
            Kind = columns.Kind ?? ScoreKind.Probabilities,
            Scores = matrix,
            ClassNames = classes,
            Labels = columns.Label is { } label ? ClassCodes.Of(table, label, classes) : [],
        };
    }

    // One column of scores is of the second of two classes; the labels say what the first is called.
    private static (FloatMatrix Scores, ImmutableArray<string> Classes) Complete(Table table, PredictionColumns columns, ImmutableArray<string> occur, FloatMatrix single)
    {
        var named = columns.Classes[0];
        if (occur.Length > 2)
            throw new InvalidDataException($"{table.Source}: column '{columns.Scores[0]}' alone scores two classes, but column '{columns.Label}' holds {occur.Length}: {string.Join(", ", occur.Take(12))}");
        var second = named.Length > 0 && (occur.IsEmpty || occur.Contains(named)) ? named : occur.Length == 2 ? occur[1] : "1";
        var first = occur.FirstOrDefault(c => c != second) ?? (second == "1" ? "0" : $"not {second}");
        var scores = new float[2 * single.Rows];
        for (var i = 0; i < single.Rows; i++)
        {
            scores[2 * i] = columns.Kind == ScoreKind.Logits ? 0 : 1 - single[i, 0];
            scores[2 * i + 1] = single[i, 0];
        }
        return (new FloatMatrix(scores, single.Rows, 2), [first, second]);
    }

    private static Predictions OfClasses(Table table, PredictionColumns columns, PredictionSurvey survey)
    {
        var classes = survey.All;
        if (classes.Length == 1)
            classes = [.. classes, $"not {classes[0]}"];
        var predicted = ClassCodes.Of(table, columns.Prediction!, classes);
        var scores = new float[predicted.Length * classes.Length];
        for (var i = 0; i < predicted.Length; i++)
            scores[i * classes.Length + predicted[i]] = 1;
        return new Predictions
        {
            Model = table.Source,
            Kind = ScoreKind.Classes,
            Scores = new FloatMatrix(scores, predicted.Length, classes.Length),
            ClassNames = classes,
            Labels = columns.Label is { } truth ? ClassCodes.Of(table, truth, classes) : [],
        };
    }

    private static Predictions OfValues(Table table, PredictionColumns columns) => new()
    {
        Model = table.Source,
        Kind = ScoreKind.Values,
        Scores = Finite(table, columns.Prediction!),
        Targets = columns.Label is { } label ? [.. Finite(table, label).Values] : [],
    };

    private static FloatMatrix Finite(Table table, string column)
    {
        var matrix = table.ToMatrix(column);
        for (var i = 0; i < matrix.Rows; i++)
        {
            if (!float.IsFinite(matrix[i, 0]))
                throw new InvalidDataException($"{table.Source}: row {table.FirstRow + i + 1}, column '{column}': a number was expected, it is {(float.IsNaN(matrix[i, 0]) ? "missing" : "infinite")}");
        }
        return matrix;
    }

    private static ImmutableDictionary<string, CategoryColumn> Slices(Table table, PredictionColumns columns, PredictionRoles roles)
    {
        var slices = ImmutableDictionary.CreateBuilder<string, CategoryColumn>();
        var taken = columns.Scores.Append(columns.Id).Append(columns.Label).Append(columns.Prediction).ToHashSet();
        foreach (var column in roles.Slices is { } wanted ? wanted.Select(n => table[n]) : table.Columns.Where(c => !taken.Contains(c.Name) && !columns.RepeatsScores(c.Name) && ClassCodes.CouldBeClasses(c)))
            slices[column.Name] = CategoryColumn.FromTexts(Texts(column));
        return slices.ToImmutable();
    }

    private static ImmutableArray<string> Texts(TableColumn column)
    {
        if (column is TextColumn text)
            return text.Values;
        var texts = new string[column.Count];
        if (column is DoubleColumn doubles)
        {
            for (var i = 0; i < texts.Length; i++)
                texts[i] = ClassCodes.Text(doubles.Values.Span[i]);
        }
        else
        {
            for (var i = 0; i < texts.Length; i++)
                texts[i] = ((FloatColumn)column).Values.Span[i].ToString(CultureInfo.InvariantCulture);
        }
        return ImmutableCollectionsMarshal.AsImmutableArray(texts);
    }

    // The same checks as everywhere, in terms of the file: rows count from 1, and the column is named.
    private static Predictions ValidateFile(this Predictions predictions, Table table, ImmutableArray<string> scores, double tolerance)
    {
        if (predictions.ScoreFault(tolerance) is { } fault)
        {
            var column = fault.Column is { } c && c < scores.Length ? $", column '{scores[scores.Length == 1 ? 0 : c]}'" : "";
            throw new InvalidDataException($"{table.Source}: row {table.FirstRow + fault.Row + 1}{column}: {fault.Problem}");
        }
        try
        {
            return predictions.Validate(tolerance);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{table.Source}: {e.Message}", e);
        }
    }
}
