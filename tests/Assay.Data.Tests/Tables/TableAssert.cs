namespace Assay.Data.Tests;

internal static class TableAssert
{
    /// <summary>Names, kinds and values agree; NaN equals NaN.</summary>
    public static void Same(Table expected, Table actual)
    {
        Assert.Equal(expected.Columns.Select(c => (c.Name, c.GetType())), actual.Columns.Select(c => (c.Name, c.GetType())));
        foreach (var (e, a) in expected.Columns.Zip(actual.Columns))
        {
            switch (e)
            {
                case FloatColumn column:
                    Assert.Equal(column.Values.ToArray(), ((FloatColumn)a).Values.ToArray());
                    break;
                case DoubleColumn column:
                    Assert.Equal(column.Values.ToArray(), ((DoubleColumn)a).Values.ToArray());
                    break;
                case TextColumn column:
                    Assert.Equal(column.Values.AsEnumerable(), ((TextColumn)a).Values);
                    break;
                default:
                    Assert.Fail($"unexpected column {e.GetType()}");
                    break;
            }
        }
    }
}
